package fleet

import (
	"context"
	"time"

	"snbroker/firmware-sim/internal/smallgw"
	"snbroker/mqttsn"
)

// Virtual plays a fleet against a gateway in memory, in virtual time: what is
// due next happens next, and a day of it takes seconds. The same seed gives the
// same run, to the last octet.
type Virtual struct {
	Fleet   *Fleet
	Gateway *smallgw.Gateway

	mail   []letter
	octets []byte // of the letters
	lines  uint32
	lastID uint16
}

// letter is something on its way between the fleet and the gateway, which takes
// no time. It is handed over when whoever sent it is done.
type letter struct {
	kind  kind
	line  Line
	topic string
	begin int // of its octets
	end   int
	id    uint16
	qos   uint8
}

type kind uint8

const (
	toGateway kind = iota
	toDevice
	toProgram
	toBroker
)

// NewVirtual builds a fleet and its gateway. Its T_retry is the longest of the
// populations', so that it has patience with the slowest radio.
func NewVirtual(cfg Config, tamper func(clientID string, m mqttsn.Message) bool) *Virtual {
	v := &Virtual{}
	cfg.Start = cfg.Scenario.Start
	cfg.Gateways = max(cfg.Gateways, 1)
	v.Fleet = New(cfg, (*inside)(v))
	g := smallgw.Config{
		NRetry: 3, Predefined: make(map[mqttsn.TopicID]string), Tamper: tamper,
		Send: func(line uint32, b []byte) { v.post(letter{kind: toDevice, line: Line(line)}, b) },
		Message: func(topic string, b []byte) {
			v.post(letter{kind: toProgram, topic: topic}, b)
		},
	}
	for _, p := range cfg.Scenario.Populations {
		g.TRetry = max(g.TRetry, p.TRetry)
		if p.Predefined > 0 {
			g.Predefined[mqttsn.TopicID(p.Predefined)] = p.Topic
		}
	}
	v.Gateway = smallgw.New(g)
	v.Gateway.Subscribe(v.Fleet.Filters())
	return v
}

// inside is how the fleet sees Virtual.
type inside Virtual

func (i *inside) Open(gateway int, _ func(string) string) (Line, error) {
	i.lines++
	return LineOf(gateway, i.lines-1), nil
}

func (i *inside) Move(Line) bool { return false }
func (i *inside) Forget(Line)    {}
func (i *inside) Close(Line)     {}

func (i *inside) Send(l Line, b []byte) { (*Virtual)(i).post(letter{kind: toGateway, line: l}, b) }

func (i *inside) Publish(topic string, payload []byte, qos uint8) (uint16, error) {
	if i.lastID++; i.lastID == 0 {
		i.lastID = 1
	}
	(*Virtual)(i).post(letter{kind: toBroker, topic: topic, id: i.lastID, qos: qos}, payload)
	return i.lastID, nil
}

func (v *Virtual) post(l letter, b []byte) {
	l.begin = len(v.octets)
	v.octets = append(v.octets, b...)
	l.end = len(v.octets)
	v.mail = append(v.mail, l)
}

// hand delivers the letters, and those that are written meanwhile.
func (v *Virtual) hand(now time.Duration) {
	for n := 0; n < len(v.mail); n++ {
		l := v.mail[n]
		b := v.octets[l.begin:l.end:l.end]
		switch l.kind {
		case toGateway:
			v.Gateway.Receive(now, uint32(l.line), b)
		case toDevice:
			v.Fleet.Received(l.line, b)
		case toProgram:
			v.Fleet.Message([]byte(l.topic), b, false)
		case toBroker:
			v.Gateway.Publish(l.topic, b, l.qos)
			v.Fleet.Acknowledged(l.id)
		}
	}
	v.mail, v.octets = v.mail[:0], v.octets[:0]
}

// run plays until a time, or until stop says so, which is asked now and then.
func (v *Virtual) run(to time.Duration, stop func() bool) {
	const often = time.Second
	for ask := v.Fleet.Now(); ; {
		next := min(v.Fleet.Next(), v.Gateway.Next(), to)
		if next >= ask {
			if stop() {
				return
			}
			ask = next + often
		}
		v.Fleet.Advance(next)
		v.hand(next)
		v.Gateway.Advance(next)
		v.hand(next)
		if next >= to {
			return
		}
	}
}

// Play runs the scenario to its end, which comes early if ctx ends. From time to
// time it calls show.
func (v *Virtual) Play(ctx context.Context, show func(*Fleet)) error {
	f := v.Fleet
	watch := func() bool {
		show(f)
		return ctx.Err() != nil || f.Err() != nil
	}
	v.run(f.Until(), watch)
	if f.Err() != nil {
		return f.Err() // what is under way is not lost
	}
	f.Stop()
	v.run(f.Now()+f.cfg.Scenario.Drain, func() bool { return watch() || f.Outstanding() == 0 })
	f.Judge()
	f.ledger.ExpectRetained()
	v.Gateway.Retained(func(topic string, payload []byte) { f.ledger.IsRetained(f.now, []byte(topic), payload) })
	f.ledger.AllRetained(f.now)
	f.Leave(time.Second)
	v.run(f.Now()+time.Hour, func() bool { return f.Connected() == 0 })
	return f.Err()
}
