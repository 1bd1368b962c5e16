package scenario

import (
	"reflect"
	"strings"
	"time"

	"snbroker/firmware-sim/internal/battery"
	"snbroker/firmware-sim/internal/payload"
	"snbroker/firmware-sim/internal/radio"
)

// finish looks up what a population names, and checks it.
func (l *loader) finish(key string, p *Population) error {
	bad := func(name, format string, args ...any) error { return l.errorf(key+"."+name, format, args...) }
	preset, ok := l.radios[p.RadioName]
	if !ok {
		if preset, ok = radio.Find(p.RadioName); !ok {
			return bad("radio", "there is no radio %q; there are %s, and those of the file", p.RadioName,
				names(radio.Presets, func(p radio.Preset) string { return p.Name }))
		}
	}
	p.Radio = preset.Model
	if p.TRetry == 0 {
		p.TRetry = preset.TRetry
	}
	if p.Board == "" {
		p.Board = preset.Name
	}
	if p.Battery, ok = l.batteries[p.Board]; !ok {
		b, ok := battery.Find(p.Board)
		if !ok {
			return bad("battery", "there is no battery %q; there are %s, and those of the file", p.Board,
				names(battery.Presets, func(p battery.Preset) string { return p.Name }))
		}
		p.Battery = b.Model
	}
	if p.Sleep.Wake == 0 {
		p.Sleep.Wake = p.Sleep.Time * 4 / 5
	}
	var err error
	if p.Template, err = payload.Compile(p.Payload); err != nil {
		return bad("payload", "%v", err)
	}
	if at, ok := shortest(reflect.ValueOf(*p)); !ok {
		return bad(at, `a duration has a unit, as in "10s", and is not negative`)
	}
	return l.sane(p, bad)
}

// shortest finds a duration that was meant to be longer: a number without a
// unit is nanoseconds.
func shortest(v reflect.Value) (key string, ok bool) {
	for i := range v.NumField() {
		f, tag := v.Field(i), v.Type().Field(i).Tag.Get("toml")
		switch {
		case f.Type() == reflect.TypeFor[time.Duration]():
			if d := time.Duration(f.Int()); d < 0 || d > 0 && d < time.Microsecond {
				return tag, false
			}
		case f.Kind() == reflect.Struct && tag != "-":
			if key, ok := shortest(f); !ok {
				return tag + "." + key, false
			}
		}
	}
	return "", true
}

// sane finds what cannot be.
func (l *loader) sane(p *Population, bad func(name, format string, args ...any) error) error {
	const longest = 65535 * time.Second
	isMinusOne := p.QoS == -1
	switch {
	case p.Name == "" || strings.ContainsAny(p.Name, "/+# {}"):
		return bad("name", "is part of topics and client ids: letters, digits, and dashes")
	case p.Share <= 0:
		return bad("share", "is more than 0")
	case !strings.Contains(p.ClientID, "{n}"):
		return bad("client_id", "needs {n}, so that devices differ")
	case p.QoS < -1 || p.QoS > 2:
		return bad("qos", "is -1, 0, 1 or 2")
	case p.Topic == "" && p.Short == "" && p.Predefined == 0:
		return bad("topic", "is missing")
	case p.Short != "" && len(p.Short) != 2:
		return bad("short", "has two octets")
	case p.Predefined < 0 || p.Predefined > 65534:
		return bad("predefined", "is from 1 to 65534")
	case p.Predefined > 0 && p.Topic == "":
		return bad("topic", "is needed to tell which name the gateway gives to predefined = %d", p.Predefined)
	case strings.ContainsAny(p.Topic+p.Command.Topic+p.Will.Topic, "+#"):
		return bad("topic", "has no + and no #")
	case isMinusOne && p.Short == "" && p.Predefined == 0:
		return bad("qos", "-1 needs short or predefined: there is no connection to register a topic in")
	case isMinusOne && (p.Sleep.Time > 0 || p.Command.Topic != "" || p.Will.Topic != "" || p.OTA.Size > 0):
		return bad("qos", "-1 goes without a connection, and so without sleep, command, will and ota")
	case p.Command.Topic != "" && !strings.Contains(p.Command.Topic, "{"):
		return bad("command.topic", "needs {id} or {n}, so that each device has its own")
	case p.Command.Topic == "" && p.OTA.Size > 0:
		return bad("command.topic", "is what chunks come under, and is missing")
	case p.Command.QoS < 0 || p.Command.QoS > 2:
		return bad("command.qos", "is 0, 1 or 2")
	case p.Command.Size < 0 || p.Command.Size > 60000:
		return bad("command.size", "is from 0 to 60000 octets")
	case p.Will.Topic != "" && !strings.Contains(p.Will.Topic, "{"):
		return bad("will.topic", "needs {id} or {n}, so that each device has its own")
	case p.Will.QoS < 0 || p.Will.QoS > 2:
		return bad("will.qos", "is 0, 1 or 2")
	case p.Sleep.Time > longest || p.Sleep.Time > 0 && p.Sleep.Time < time.Second:
		return bad("sleep.time", "is from 1s to %v", longest)
	case p.Sleep.Wake > p.Sleep.Time:
		return bad("sleep.wake", "is later than sleep.time, when the gateway takes the device for lost")
	case p.Sleep.Drift < 0 || p.Sleep.Drift > 0.5:
		return bad("sleep.drift", "is from 0 to 0.5")
	case p.KeepAlive > longest:
		return bad("keep_alive", "is at most %v", longest)
	case p.NRetry < 0 || p.NRetry > 100:
		return bad("n_retry", "is from 0 to 100")
	case p.Jitter < 0 || p.Jitter > 1:
		return bad("jitter", "is from 0 to 1")
	case p.Waits && (p.QoS < 1 || p.Burst.Every > 0):
		return bad("waits", "is for readings at an interval, and QoS 1 or 2, which are acknowledged")
	case p.Burst.Every > 0 && (p.Burst.Messages < 1 || p.Burst.Messages > 1000):
		return bad("burst.messages", "is from 1 to 1000")
	case p.OTA.Size > 0 && (p.OTA.Chunk < 1 || p.OTA.Size > 64<<20):
		return bad("ota", "chunk is at least 1 octet, size at most 64 MiB")
	case p.Forwarder < 0 || p.Forwarder > 65535:
		return bad("forwarder", "is from 0 to 65535")
	case p.Bugs.Twice < 0 || p.Bugs.Twice > 1 || p.Bugs.Malformed < 0 || p.Bugs.Malformed > 1:
		return bad("bugs", "twice and malformed are from 0 to 1")
	case p.Bugs.StormEvery > 0 && (p.Bugs.StormSize < 1 || p.Bugs.StormSize > 10000):
		return bad("bugs.storm_size", "is from 1 to 10000")
	}
	return nil
}

// check finds what cannot be of the whole.
func (l *loader) check(s *Scenario) error {
	seen := make(map[string]bool)
	for _, p := range s.Populations {
		if seen[p.Name] {
			return l.errorf("population", "two are called %q: give them a name each", p.Name)
		}
		seen[p.Name] = true
	}
	switch {
	case s.About == "":
		return l.errorf("about", "is missing: one sentence about the scenario")
	case len(s.Populations) == 0:
		return l.errorf("population", "there is none: add a [[population]]")
	case s.Duration <= 0 || s.Ramp < 0 || s.Drain < 0:
		return l.errorf("duration", "is more than 0, and ramp and drain are not negative")
	case s.Duration < time.Microsecond:
		return l.errorf("duration", `a duration has a unit, as in "10s"`)
	}
	if err := l.restart(s); err != nil {
		return err
	}
	return s.Scale(s.Devices)
}

// restart finds what cannot be of the gateway's restarts.
func (l *loader) restart(s *Scenario) error {
	r := &s.Restart
	if len(r.At) > 0 && (r.Command == "") == (len(r.Start) == 0) {
		return l.errorf("restart", "at needs command, which restarts the gateway, or start, which begins one, and not both")
	}
	if r.Kill && len(r.Start) == 0 {
		return l.errorf("restart.kill", "is for a gateway that start begins; a command may kill it, too")
	}
	if r.Within < time.Second || r.Within > time.Hour {
		return l.errorf("restart.within", "is from 1s to 1h")
	}
	for i, at := range r.At {
		if at < time.Millisecond || at >= s.Duration || i > 0 && at <= r.At[i-1] {
			return l.errorf("restart.at", "times are within duration, one after the other")
		}
	}
	return nil
}
