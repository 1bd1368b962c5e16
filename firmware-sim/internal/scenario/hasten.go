package scenario

import (
	"slices"
	"time"
)

// Hasten has everything happen so many times faster, radios included, to play a
// day against a gateway in real time within minutes. Sleep and keep alive are
// whole seconds to the protocol, and stay at 2 s at least, T_retry at 1 s. What a
// battery would make of it means nothing, and is not told.
func (s *Scenario) Hasten(times float64) {
	all := []*time.Duration{&s.Duration, &s.Ramp, &s.Drain}
	for i := range s.Populations {
		p := &s.Populations[i]
		all = append(all, &p.Interval, &p.Burst.Every, &p.Burst.Gap, &p.Command.Interval, &p.OTA.After,
			&p.Power.Reboot, &p.Power.Loss, &p.Power.Off, &p.Move.Rebind, &p.Move.Roam, &p.Bugs.StormEvery,
			&p.KeepAlive, &p.TRetry, &p.Sleep.Time, &p.Sleep.Wake,
			&p.Radio.Delay, &p.Radio.Jitter, &p.Radio.Air.Gap)
	}
	for i := range s.Restart.At {
		all = append(all, &s.Restart.At[i])
	}
	for _, d := range all {
		*d = time.Duration(float64(*d) / times)
	}
	s.Assert = slices.DeleteFunc(s.Assert, func(a Assertion) bool { return a.Metric.Name == "battery" })
	for i := range s.Populations {
		p := &s.Populations[i]
		p.Battery.Capacity = 0
		p.Radio.Air.Rate = int(float64(p.Radio.Air.Rate) * times)
		p.Radio.Air.Quicker = times
		p.TRetry = max(p.TRetry, time.Second)
		if p.KeepAlive > 0 {
			p.KeepAlive = max(p.KeepAlive, shortestSleep)
		}
		if p.Sleep.Time > 0 && p.Sleep.Time < shortestSleep {
			p.Sleep.Wake = shortestSleep * p.Sleep.Wake / p.Sleep.Time
			p.Sleep.Time = shortestSleep
		}
	}
}

const shortestSleep = 2 * time.Second
