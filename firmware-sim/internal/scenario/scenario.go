// Package scenario reads what a fleet is to do: populations of devices, their
// firmware, their radios and batteries, and what must come of it.
package scenario

import (
	"time"

	"snbroker/firmware-sim/internal/battery"
	"snbroker/firmware-sim/internal/payload"
	"snbroker/firmware-sim/internal/radio"
)

// Scenario is a file, with everything in place that it leaves out.
type Scenario struct {
	Name        string        // the file's, without .toml
	About       string        // one sentence
	Devices     int           // of all populations, by their shares
	Duration    time.Duration // how long devices publish
	Ramp        time.Duration // how long it takes until all are switched on
	Drain       time.Duration // how long, after Duration, for what is under way
	Gateway     string        // where to, unless the command line says; "" is the usual one
	Resume      bool          // with DTLS: devices keep their sessions' secrets while they have no power
	Start       time.Time     // the wall clock's, for payloads; virtual time only
	Restart     Restart
	Populations []Population
	Assert      []Assertion
}

// Restart is what happens to the gateway, and the broker with it if that is one
// program. Either Command restarts it, or it is the run's own process, by Start.
type Restart struct {
	At      []time.Duration `toml:"at"`      // since the beginning
	Command string          `toml:"command"` // a shell's; when it has ended, the gateway is back
	Start   []string        `toml:"start"`   // the program and its arguments
	Kill    bool            `toml:"kill"`    // what Start began ends as if by kill -9
	Within  time.Duration   `toml:"within"`  // how long it may take
}

// Wanted tells whether the run has to do with it at all.
func (r Restart) Wanted() bool { return len(r.At) > 0 || len(r.Start) > 0 }

// Population is a number of devices of one make.
type Population struct {
	Name      string  `toml:"name"`      // of the population, and in the names of its devices
	Behaviour string  `toml:"behaviour"` // what its devices are, see Behaviours
	Share     float64 `toml:"share"`     // of the devices, in relation to the other populations
	RadioName string  `toml:"radio"`     // a preset, or a [radio.NAME] of the file
	Board     string  `toml:"battery"`   // a preset, or a [battery.NAME] of the file
	ClientID  string  `toml:"client_id"` // with {population} and {n}

	KeepAlive    time.Duration `toml:"keep_alive"`
	TRetry       time.Duration `toml:"t_retry"`
	NRetry       int           `toml:"n_retry"`
	CleanSession bool          `toml:"clean_session"`
	Forwarder    int           `toml:"forwarder"` // devices behind each forwarder; 0: none

	Topic      string        `toml:"topic"` // with {population}, {n} and {id}
	Short      string        `toml:"short"`
	Predefined int           `toml:"predefined"`
	QoS        int           `toml:"qos"`
	Retain     bool          `toml:"retain"`
	Interval   time.Duration `toml:"interval"` // between readings; 0: none
	Jitter     float64       `toml:"jitter"`   // of the interval
	Waits      bool          `toml:"waits"`    // the interval begins when the last reading was acknowledged
	Burst      Burst         `toml:"burst"`
	Payload    payload.Spec  `toml:"payload"`

	Sleep   Sleep   `toml:"sleep"`
	Command Command `toml:"command"`
	Will    Will    `toml:"will"`
	OTA     OTA     `toml:"ota"`
	Power   Power   `toml:"power"`
	Move    Move    `toml:"move"`
	Bugs    Bugs    `toml:"bugs"`

	Count    int               `toml:"-"` // of devices
	Radio    radio.Model       `toml:"-"`
	Battery  battery.Model     `toml:"-"`
	Template *payload.Template `toml:"-"`
}

// Burst makes events: each is several messages, and they come by chance, once
// in Every on average.
type Burst struct {
	Every    time.Duration `toml:"every"`
	Messages int           `toml:"messages"`
	Gap      time.Duration `toml:"gap"` // between the messages
}

// Sleep is how a device sleeps when it has nothing to do.
type Sleep struct {
	Time  time.Duration `toml:"time"`  // what the gateway is told; 0: it does not sleep
	Wake  time.Duration `toml:"wake"`  // when it asks for messages; 0: four fifths of Time
	Drift float64       `toml:"drift"` // of a device's clock, at most: 0.02 is 2 per cent
}

// Command is what a program sends to each device.
type Command struct {
	Topic    string        `toml:"topic"` // with {population}, {n} and {id}; "": none
	QoS      int           `toml:"qos"`
	Interval time.Duration `toml:"interval"` // on average; by chance
	Size     int           `toml:"size"`     // octets at least
	Answer   bool          `toml:"answer"`   // whether the device publishes its state
}

// Will is a device's.
type Will struct {
	Topic  string `toml:"topic"` // with {population}, {n} and {id}; "": none
	QoS    int    `toml:"qos"`
	Retain bool   `toml:"retain"`
}

// OTA is an update: the device asks for an image in chunks, one after another.
type OTA struct {
	Size  int           `toml:"size"` // octets; 0: none
	Chunk int           `toml:"chunk"`
	After time.Duration `toml:"after"` // when it begins, within as much again
}

// Power is what happens to a device's supply, by chance and on average.
type Power struct {
	Reboot time.Duration `toml:"reboot"` // it restarts, at once
	Loss   time.Duration `toml:"loss"`   // it is gone without a word
	Off    time.Duration `toml:"off"`    // for how long, after Loss
}

// Move is what happens to a device's address, by chance and on average.
type Move struct {
	Rebind time.Duration `toml:"rebind"` // a NAT gives it another one
	Roam   time.Duration `toml:"roam"`   // it goes to the next gateway, or to another address of the only one
}

// Bugs are what firmware does wrong. Probabilities are of a datagram.
type Bugs struct {
	DuplicateIDs bool          `toml:"duplicate_ids"` // message ids begin at 1 after each CONNECT
	Twice        float64       `toml:"twice"`         // sent twice, at once
	Malformed    float64       `toml:"malformed"`     // followed by rubbish
	StormEvery   time.Duration `toml:"storm_every"`   // on average
	StormSize    int           `toml:"storm_size"`    // PINGREQs in a storm
}

// Behaviour is a kind of device, with what a population of it begins with.
type Behaviour struct {
	Name  string
	About string
	set   func(*Population)
}

// Behaviours are all there are.
var Behaviours = []Behaviour{
	{"sensor", "publishes a reading at an interval", func(p *Population) {
		p.Topic, p.Interval = "sensors/{id}", 10*time.Second
	}},
	{"event", "publishes bursts of messages when something happens", func(p *Population) {
		p.Topic, p.QoS, p.Burst = "events/{id}", 2, Burst{30 * time.Second, 4, 100 * time.Millisecond}
	}},
	{"actuator", "takes commands and publishes its retained state", func(p *Population) {
		p.Topic, p.Retain = "actuators/{id}/state", true
		p.Command = Command{"actuators/{id}/set", 1, 10 * time.Second, 0, true}
		p.Will = Will{"actuators/{id}/lost", 1, false}
	}},
	{"meter", "publishes at QoS -1, without a connection", func(p *Population) {
		p.Short, p.QoS, p.Interval = "mt", -1, 15*time.Minute
		p.Payload = payload.Spec{Format: "text", Text: "{id} {n} {t}", Fields: append(payload.ReadingFields(), payload.Field{Name: "id", Kind: "id"})}
	}},
	{"tracker", "publishes where it is, from one address and then from another", func(p *Population) {
		p.Topic, p.Interval, p.CleanSession = "trackers/{id}", 10*time.Second, false
		p.Move = Move{Roam: time.Minute}
	}},
	{"ota", "downloads an image in chunks", func(p *Population) {
		p.Topic = "updates/{id}/get"
		p.Command = Command{Topic: "updates/{id}/chunk", QoS: 1}
		p.OTA = OTA{Size: 16 << 10, Chunk: 128}
	}},
}

// population is what a population begins with.
func population(b Behaviour) Population {
	p := Population{
		Name: b.Name, Behaviour: b.Name, Share: 1, RadioName: "wired",
		ClientID: "{population}-{n}", KeepAlive: time.Minute, NRetry: 3, CleanSession: true,
		QoS: 1, Jitter: 0.1,
		Payload: payload.Spec{Format: "json", Fields: payload.ReadingFields()},
		Power:   Power{Off: time.Minute},
	}
	b.set(&p)
	return p
}
