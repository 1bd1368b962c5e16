package fleet

import (
	"snbroker/firmware-sim/internal/lines"
	"snbroker/firmware-sim/internal/program"
)

// outside is how the fleet sees Real.
type outside Real

func (o *outside) Open(gateway int, name func(template string) string) (Line, error) {
	id, err := o.lines[gateway].Open(name)
	if err == nil && id >= 1<<gatewayShift {
		err = lines.ErrTooMany
	}
	return LineOf(gateway, uint32(id)), err
}

func (o *outside) Move(l Line) bool {
	gateway, number := l.Split()
	return o.lines[gateway].Move(lines.ID(number))
}

func (o *outside) Forget(l Line) {
	gateway, number := l.Split()
	if f, ok := o.lines[gateway].(lines.Forgetful); ok {
		f.Forget(lines.ID(number))
	}
}

func (o *outside) Close(l Line) {
	gateway, number := l.Split()
	o.lines[gateway].Close(lines.ID(number))
}

func (o *outside) Send(l Line, b []byte) {
	gateway, number := l.Split()
	o.lines[gateway].Send(lines.ID(number), b)
}

func (o *outside) Publish(topic string, payload []byte, qos uint8) (uint16, error) {
	return o.client.Publish(topic, payload, qos, false)
}

// receiver takes what comes from one gateway.
type receiver struct {
	real    *Real
	gateway int
}

func (v receiver) Received(batch []lines.Datagram) {
	r := v.real
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begin()
	for _, d := range batch {
		r.Fleet.Received(LineOf(v.gateway, uint32(d.Line)), d.Data)
	}
	r.end()
}

// handler takes what comes to the program.
type handler Real

func (h *handler) Messages(all []program.Message) {
	(*Real)(h).Turn(func(f *Fleet) {
		for _, m := range all {
			f.Message(m.Topic, m.Payload, m.Retain)
		}
	})
}

func (h *handler) Acknowledged(ids []uint16) {
	(*Real)(h).Turn(func(f *Fleet) {
		for _, id := range ids {
			f.Acknowledged(id)
		}
	})
}

// collector takes retained messages, and tells that there were some.
type collector struct {
	real *Real
	came chan struct{}
}

func (c *collector) Messages(all []program.Message) {
	c.real.Turn(func(f *Fleet) {
		for _, m := range all {
			if m.Retain {
				f.ledger.IsRetained(f.now, m.Topic, m.Payload)
			}
		}
	})
	select {
	case c.came <- struct{}{}:
	default:
	}
}

func (c *collector) Acknowledged([]uint16) {}
