package fleet

import (
	"slices"
	"time"

	"snbroker/firmware-sim/internal/battery"
	"snbroker/firmware-sim/internal/scenario"
	"snbroker/firmware-sim/internal/truth"
)

// runs is while the scenario lasts, and stopped after that.
func (f *Fleet) runs() bool    { return f.now < f.until }
func (f *Fleet) stopped() bool { return f.now >= f.until }

// Stop ends the scenario early: nothing new is published from now on.
func (f *Fleet) Stop() { f.until = min(f.until, f.now) }

// Until is when the scenario ends, and Now how far it is.
func (f *Fleet) Until() time.Duration { return f.until }
func (f *Fleet) Now() time.Duration   { return f.now }

// Lossy says that datagrams are lost for want of room, whatever the radios: from
// now on devices are judged as those behind radios that lose some.
func (f *Fleet) Lossy() {
	if f.lossy {
		return
	}
	f.lossy = true
	for i := range f.devices {
		if w := f.devices[i].will; w != nil {
			w.Lossy = true
		}
	}
}

func (d *device) loses() bool { return d.fleet.lossy || d.pop.Radio.Loses() }

// Outstanding is how much is under way yet: messages, wills, downloads.
func (f *Fleet) Outstanding() (n int) {
	for i := range f.devices {
		d := &f.devices[i]
		n += d.up.Open()
		if d.client != nil {
			n += d.orders.Open()
		}
		if d.will != nil && d.will.DueBy() > f.now {
			n++
		}
	}
	return n
}

// Judge ends the count of messages. What has not arrived by now is lost.
func (f *Fleet) Judge() {
	for i := range f.devices {
		d := &f.devices[i]
		d.account()
		d.orders.Forgive(d.collected())
		d.up.Finish(f.ledger, f.now)
		d.orders.Finish(f.ledger, f.now)
		if d.will != nil {
			d.will.Finish(f.ledger, f.now)
		}
	}
}

// patience is how long a gateway tries to deliver a message whose answers are
// lost on the way: T_retry and N_retry as the standard recommends them. SN §7.2
const patience = 60 * time.Second

// collected is until when commands were sent that the device has had the time to
// get: one that sleeps has when it wakes.
func (d *device) collected() time.Duration {
	switch {
	case d.state == Asleep, d.state == Awake, d.excused, d.stale:
		return d.emptied
	case d.state == Active && !d.loses():
		return d.fleet.now - time.Second
	case d.state == Active && d.served < d.fleet.now-patience:
		return d.fleet.now - patience
	}
	return 0 // nobody was there to get them
}

// Leave has all devices say goodbye, spread over a time.
func (f *Fleet) Leave(over time.Duration) {
	f.Stop()
	for i := range f.devices {
		d := &f.devices[i]
		for a := range d.alarms {
			d.alarms[a] = 0
		}
		d.set(leave, f.now+1+over*time.Duration(i)/time.Duration(len(f.devices)))
	}
}

// Connected is how many devices the gateway has to know of still.
func (f *Fleet) Connected() int64 {
	s := &f.stats.States
	return s[Connecting] + s[Active] + s[Awake] + s[Asleep]
}

// Ledger is what was judged.
func (f *Fleet) Ledger() *truth.Ledger { return f.ledger }

// Stats is what was counted, and Series when.
func (f *Fleet) Stats() *Stats   { return &f.stats }
func (f *Fleet) Series() *Series { return &f.series }

// Population is what came of one.
type Population struct {
	*scenario.Population
	Up, Down truth.Totals
	Wills    truth.WillTotals
	Use      battery.Use
	Split    battery.Split
	Years    float64
}

// Populations are all of them, in the order of the file.
func (f *Fleet) Populations() (all []Population) {
	for _, p := range f.pops {
		r := Population{Population: p.Population, Up: p.up, Down: p.down, Wills: p.wills}
		for i := range p.Count {
			r.Use.Add(f.devices[p.first+i].use)
		}
		r.Split = p.Battery.Daily(r.Use)
		r.Years = p.Battery.Years(r.Split.Sum())
		all = append(all, r)
	}
	return all
}

// Device is what came of one.
type Device struct {
	Tally
	ID, Population string
	State          State
	Sent           uint32
	Use            battery.Use
	Daily          float64 // mAh
	Years          float64
}

// Mean is the latency of its messages on average.
func (d *Device) Mean() time.Duration {
	if d.Arrived == 0 {
		return 0
	}
	return d.Sum / time.Duration(d.Arrived)
}

// Each gives every device, in order.
func (f *Fleet) Each(yield func(Device) bool) {
	for i := range f.devices {
		if !yield(f.devices[i].result()) {
			return
		}
	}
}

func (d *device) result() Device {
	r := Device{Tally: d.Tally, ID: d.id, Population: d.pop.Name, State: d.state, Sent: d.up.Count(), Use: d.use}
	r.Daily = d.pop.Battery.Daily(d.use).Sum()
	r.Years = d.pop.Battery.Years(r.Daily)
	return r
}

// Slowest are the devices whose messages took longest, the worst first.
func (f *Fleet) Slowest(n int) []Device {
	order := make([]*device, 0, len(f.devices))
	for i := range f.devices {
		if f.devices[i].Arrived > 0 {
			order = append(order, &f.devices[i])
		}
	}
	slices.SortStableFunc(order, func(a, b *device) int { return int(b.Worst - a.Worst) })
	var all []Device
	for _, d := range order[:min(n, len(order))] {
		all = append(all, d.result())
	}
	return all
}
