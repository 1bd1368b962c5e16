// Package fleet plays a scenario: thousands of devices with their firmware,
// radios and batteries, and the program at the broker that they talk to.
//
// Like the client of one device, a [Fleet] does no I/O and has no clock: its
// owner hands it the time and what arrives, and it calls the [Outside]. So the
// same fleet plays against a gateway on the network in real time ([Real]), and
// against one in memory in virtual time ([Virtual]).
//
// All devices share one heap of what is due. A device is in it with its
// earliest deadline at least, and maybe with others that have been overtaken:
// these are recognised when they come up.
package fleet

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"snbroker/firmware-sim/internal/radio"
	"snbroker/firmware-sim/internal/scenario"
	"snbroker/firmware-sim/internal/secure"
	"snbroker/firmware-sim/internal/truth"
	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
)

// Line is a source address towards a gateway.
type Line uint32

// Outside is what a fleet acts on.
type Outside interface {
	// Open makes a new source address towards a gateway, counted from 0. name fills
	// in the names of the device that it is for.
	Open(gateway int, name func(template string) string) (Line, error)
	// Move gives a line another source address, if the gateway knows it again there;
	// false: it is to be closed, and another opened.
	Move(Line) bool
	// Forget says that the device of a line has lost what it had in memory.
	Forget(Line)
	// Close gives one up.
	Close(Line)
	// Send sends a datagram, whose octets are the fleet's again afterwards.
	Send(Line, []byte)
	// Publish has the program publish. Acknowledged follows, with the id.
	Publish(topic string, payload []byte, qos uint8) (id uint16, err error)
}

// Config is what a fleet is told beside its scenario.
type Config struct {
	Scenario *scenario.Scenario
	Seed     uint64
	Gateways int    // how many there are to roam between; at least 1
	Run      string // differs from run to run, so that an earlier run's messages are recognised
	Prefix   string // before each ClientID; "" is none
	Start    time.Time
	MTU      int // the longest datagram that all ways to the gateways carry, in octets; 0: mqttsn.MaxLength

	Credentials *secure.Credentials // for gateways with DTLS; nil: none
	Gateway     Restarter           // nil: the gateway is not to be restarted
}

// Restarter restarts the gateway, and returns when it is back.
type Restarter interface {
	Restart(context.Context) error
}

// Fleet is all devices and the program.
type Fleet struct {
	cfg          Config
	out          Outside
	now          time.Duration // since Start
	clock        time.Time     // the same
	queue        queue
	pops         []*population
	devices      []device
	owners       [][]int32 // devices by gateway and number of the line; or aForwarder, or nobody
	ledger       *truth.Ledger
	commands     map[uint16]command // under way to the broker
	stats        Stats
	series       Series
	scratch      client.Scratch
	encapsulated []byte
	text         []byte        // a payload in the making
	until        time.Duration // when devices stop publishing
	clearing     bool          // retained messages are being removed by the program
	lossy        bool          // see Lossy
	away         bool          // the gateway is being restarted
	back         time.Duration // when it was the last time
	failed       error
}

const (
	aForwarder = -1
	nobody     = -2
)

// population is a scenario's, with what its devices share and what came of them.
type population struct {
	*scenario.Population
	perfect bool // its radio does nothing
	loose   bool // its network repeats or reorders datagrams
	awake   bool // its devices never sleep
	first   int  // index of its first device
	line    Line // of the forwarder that is being filled
	behind  int  // devices behind that
	up      truth.Totals
	down    truth.Totals
	wills   truth.WillTotals
}

// New builds a fleet, which is switched off yet.
func New(cfg Config, out Outside) *Fleet {
	s := cfg.Scenario
	if cfg.MTU == 0 {
		cfg.MTU = mqttsn.MaxLength
	}
	f := &Fleet{
		cfg: cfg, out: out, clock: cfg.Start, until: s.Duration,
		devices: make([]device, 0, s.Devices), owners: make([][]int32, cfg.Gateways),
		ledger: truth.New(), commands: make(map[uint16]command),
	}
	for i := range s.Populations {
		p := &population{Population: &s.Populations[i], first: len(f.devices)}
		m := &p.Radio
		p.perfect = m.Perfect()
		p.loose = m.Duplicate > 0 || m.Reorder > 0 || p.Bugs.Twice > 0
		p.awake = p.Sleep.Time == 0
		f.pops = append(f.pops, p)
		for n := range p.Count {
			f.devices = append(f.devices, device{})
			f.devices[len(f.devices)-1].init(f, p, len(f.devices)-1, n)
		}
	}
	f.stats.States[Off] = int64(len(f.devices))
	f.series.start(s)
	f.queue.Push(f.series.step, entry{})
	return f
}

// Filters are what the program subscribes to: every topic that devices publish
// under, with + for what differs between them.
func (f *Fleet) Filters() []string {
	seen := make(map[string]bool)
	var filters []string
	for _, p := range f.pops {
		for _, t := range []string{p.Topic, p.Short, p.Will.Topic} {
			if t == "" || t == p.Topic && p.Short != "" {
				continue
			}
			levels := strings.Split(t, "/")
			for i, l := range levels {
				if strings.Contains(l, "{") {
					levels[i] = "+"
				}
			}
			filter := strings.ReplaceAll(strings.Join(levels, "/"), "{population}", p.Name)
			if !seen[filter] {
				seen[filter] = true
				filters = append(filters, filter)
			}
		}
	}
	return filters
}

// Next is when Advance wants to be called.
func (f *Fleet) Next() time.Duration { return f.queue.Next() }

// At tells the fleet what time it is, since its start. Time does not go back.
func (f *Fleet) At(now time.Duration) {
	if now > f.now {
		f.now = now
		f.clock = f.cfg.Start.Add(now)
	}
}

// Advance does what is due, and returns how much that was.
func (f *Fleet) Advance(now time.Duration) (n int) {
	f.At(now)
	for f.queue.Next() <= now {
		e := f.queue.Pop()
		d := e.What.device
		n++
		switch flight := e.What.flight; {
		case d == nil:
			f.series.sample(f)
			f.queue.Push(e.At+f.series.step, entry{})
		case flight != nil:
			if flight.up {
				f.out.Send(d.line, d.wrap(flight.data))
			} else {
				d.receive(flight.data)
			}
			f.queue.landed(flight)
		case e.At == d.due: // or else overtaken
			d.due = 0
			d.advance()
		}
	}
	return n
}

// Received takes a datagram from a gateway.
func (f *Fleet) Received(l Line, datagram []byte) {
	i := f.owner(l)
	if i == nobody {
		f.stats.Strays++ // to an address that was given up
		return
	}
	if i == aForwarder {
		var ok bool
		e, err := mqttsn.DecodeEncapsulated(datagram)
		if err != nil {
			f.stats.Malformed++
			return
		}
		if i, ok = node(e.NodeID); !ok || int(i) >= len(f.devices) || f.devices[i].line != l {
			f.stats.Strays++
			return
		}
		datagram = e.Message
	}
	d := &f.devices[i]
	f.stats.Down++
	if d.pop.perfect {
		d.receive(datagram)
		return
	}
	fate := d.radio.Down(&d.pop.Radio, &d.chance, f.now, len(datagram))
	if fate.Cause != radio.Arrives {
		f.stats.Lost[fate.Cause]++
		return
	}
	d.hears(fate.Air)
	f.queue.fly(fate.At, d, datagram, false)
	if fate.Twice {
		f.queue.fly(fate.At, d, datagram, false)
	}
}

// owner is whose a line is, and own says so.
func (f *Fleet) owner(l Line) int32 {
	gateway, number := l.Split()
	if lines := f.owners[gateway]; int(number) < len(lines) {
		return lines[number]
	}
	return nobody
}

func (f *Fleet) own(l Line, owner int32) {
	gateway, number := l.Split()
	lines := f.owners[gateway]
	for int(number) >= len(lines) {
		lines = append(lines, nobody)
	}
	lines[number] = owner
	f.owners[gateway] = lines
}

// fail ends the run: something outside does not work.
func (f *Fleet) fail(err error) {
	if f.failed == nil {
		f.failed = err
	}
}

// Err is why the run cannot go on, or nil.
func (f *Fleet) Err() error { return f.failed }

// named puts a device's names into a template.
func named(template, population, number, id string) string {
	for _, p := range [][2]string{{"{population}", population}, {"{n}", number}, {"{id}", id}} {
		template = strings.ReplaceAll(template, p[0], p[1])
	}
	return template
}

func number(n int) string { return fmt.Sprintf("%05d", n) }

// nodeID is what a forwarder calls a device, and node the way back.
func nodeID(i int) []byte { return []byte{byte(i >> 24), byte(i >> 16), byte(i >> 8), byte(i)} }

func node(id []byte) (int32, bool) {
	if len(id) != 4 {
		return 0, false
	}
	i := int32(id[0])<<24 | int32(id[1])<<16 | int32(id[2])<<8 | int32(id[3])
	return i, i >= 0
}

func itoa(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
