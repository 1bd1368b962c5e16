package fleet

import (
	"fmt"
	"time"

	"snbroker/firmware-sim/internal/battery"
	"snbroker/firmware-sim/internal/chance"
	"snbroker/firmware-sim/internal/radio"
	"snbroker/firmware-sim/internal/truth"
	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
)

// device is one of them. It belongs to its fleet's owner.
type device struct {
	fleet                                   *Fleet
	pop                                     *population
	index                                   int32
	state                                   State
	hasLine, running, leaving               bool
	subscribing, subscribed, everSubscribed bool
	excused                                 bool // it has a new address since it connected
	stale                                   bool // it goes on with a session that the gateway may have ended

	id     string
	topic  client.Topic // of what it publishes
	down   string       // the topic of its commands
	line   Line
	client *client.Client // nil: switched off

	chance chance.Source
	radio  radio.Link
	drift  float32
	walks  []float32

	due    time.Duration // the entry in the queue that counts; 0 is none
	alarms [alarms]time.Duration

	up     truth.Stream
	orders truth.Stream // down
	will   *truth.Will
	update *update

	heard     time.Duration // the gateway's last answer
	served    time.Duration // when the last command came
	emptied   time.Duration // when the last awake period began that PINGRESP ended
	asked     time.Duration // CONNECT or PINGREQ, of which the answer is measured
	backoff   time.Duration
	burst     int // messages of it that are left
	accounted time.Duration
	use       battery.Use
	repeated  uint32 // of the client's count, what has been seen

	Tally
}

// Tally is what came of one device.
type Tally struct {
	Retries, GiveUps, Connects, Arrived, Commands uint32
	Worst, Sum                                    time.Duration // of its messages' latency
}

// alarm is a reason for a device to do something.
type alarm uint8

const (
	switchOn alarm = iota
	reconnect
	reading
	wake
	order // the program's command, which has the device's clock for simplicity
	reboot
	powerLoss
	rebind
	roam
	storm
	download
	leave
	alarms
)

// State is what a device is doing.
type State uint8

const (
	Off State = iota
	Disconnected
	Connecting
	Active
	Awake
	Asleep
	Connectionless
	States
)

func (s State) String() string {
	return [States]string{"off", "disconnected", "connecting", "active", "awake", "asleep", "without connection"}[s]
}

func (d *device) init(f *Fleet, p *population, index, n int) {
	num := number(n)
	d.fleet, d.pop, d.index = f, p, int32(index)
	d.id = f.cfg.Prefix + named(p.ClientID, p.Name, num, "")
	d.chance = chance.New(f.cfg.Seed, uint64(index))
	d.drift = float32((2*d.chance.Float() - 1) * p.Sleep.Drift)
	if k := p.Template.States(); k > 0 {
		d.walks = make([]float32, k)
	}
	name := named(p.Topic, p.Name, num, d.id)
	switch {
	case p.Short != "":
		name = p.Short
		d.topic = client.Short(name)
	case p.Predefined > 0:
		d.topic = client.Predefined(mqttsn.TopicID(p.Predefined))
	default:
		d.topic = client.Named(name)
	}
	d.up = truth.Stream{Device: d.id, Topic: name, Totals: &p.up, Owner: index, Loose: p.loose}
	isShared := p.Count > 1 && name == named(p.Topic, p.Name, "", "") || p.Short != ""
	f.ledger.Add(&d.up, isShared)
	if p.Command.Topic != "" {
		d.down = named(p.Command.Topic, p.Name, num, d.id)
		d.orders = truth.Stream{Device: d.id, Topic: d.down, Totals: &p.down, Owner: index, Loose: p.loose}
	}
	if t := p.Will.Topic; t != "" {
		d.will = truth.NewWill(d.id, named(t, p.Name, num, d.id), d.lastWords(), p.Will.Retain, &p.wills)
		d.will.Lossy = p.Radio.Loses()
		f.ledger.AddWill(d.will)
	}
	if p.OTA.Size > 0 {
		d.update = &update{}
	}
	d.set(switchOn, 1+d.chance.Upto(f.cfg.Scenario.Ramp))
}

// lastWords are the payload of the will. An earlier run's are different ones.
func (d *device) lastWords() []byte { return fmt.Appendf(nil, "lost %s %s", d.id, d.fleet.cfg.Run) }

// config is the device's as a client.
func (d *device) config() client.Config {
	p := d.pop
	cfg := client.Config{
		ClientID: d.id, CleanSession: p.CleanSession, KeepAlive: p.KeepAlive,
		TRetry: p.TRetry, NRetry: p.NRetry, Scratch: &d.fleet.scratch, MaxTopics: 8,
		QueueSize:  d.room() + 1, // and one to subscribe
		MaxMessage: p.Radio.Longest(),
		FirstMsgID: mqttsn.MsgID(1 + d.chance.Below(60000)),
	}
	if p.NRetry == 0 {
		cfg.NRetry = -1
	}
	if p.Bugs.DuplicateIDs {
		cfg.FirstMsgID = 1
	}
	if d.will != nil {
		cfg.Will = &client.Will{Topic: d.will.Topic, Message: d.lastWords(), QoS: mqttsn.QoS(p.Will.QoS), Retain: p.Will.Retain}
	}
	return cfg
}

// room is how many messages wait in a device, at most.
func (d *device) room() int { return max(client.DefaultQueueSize, 2*d.pop.Burst.Messages) }

// set sets an alarm.
func (d *device) set(a alarm, at time.Duration) {
	d.alarms[a] = at
	d.wants(at)
}

// wants makes sure that advance is called at a time, or earlier.
func (d *device) wants(at time.Duration) {
	if at > 0 && (d.due == 0 || at < d.due) {
		d.due = at
		d.fleet.queue.Push(at, entry{device: d})
	}
}

// advance does what is due.
func (d *device) advance() {
	now := d.fleet.now
	d.account()
	if c := d.client; c != nil {
		if next := c.Next(); !next.IsZero() && !next.After(d.fleet.clock) {
			c.Advance(d.fleet.clock)
		}
	}
	for a, at := range d.alarms {
		if at > 0 && at <= now && d.alarms[a] == at {
			d.alarms[a] = 0
			d.ring(alarm(a))
		}
	}
	d.settle()
}

// ring does what an alarm is for.
func (d *device) ring(a alarm) {
	switch a {
	case switchOn:
		d.boot()
	case reconnect:
		d.connect()
	case reading:
		d.read()
	case wake:
		d.wakeUp()
	case order:
		d.command()
	case reboot:
		d.restart()
	case powerLoss:
		d.losePower()
	case rebind:
		d.newAddress(false)
	case roam:
		d.newAddress(true)
	case storm:
		d.storms()
	case download:
		d.request()
	case leave:
		d.goodbye()
	}
}

// receive takes a datagram that has arrived.
func (d *device) receive(datagram []byte) {
	if d.client == nil {
		return // nobody listens
	}
	d.account()
	t, _ := mqttsn.PeekType(datagram)
	if p := d.promised(); d.pop.Radio.Loses() && isAnswer(t) && p > 0 && d.fleet.now-d.heard > p && d.client.State() != client.StateConnecting {
		// The gateway may have taken the device for lost. It answers DISCONNECT
		// then, which is also its answer to a device that goes to sleep.
		d.stale = true
	}
	switch err := d.client.Receive(d.fleet.clock, datagram); {
	case err == client.ErrIgnored:
		d.fleet.stats.Ignored++
	case err != nil:
		d.fleet.stats.Malformed++
	}
	if isAnswer(t) {
		d.heard = d.fleet.now
		if d.will != nil {
			d.will.Heard(d.heard, d.promised(), d.client.State() != client.StateConnecting && !d.stale)
		}
	}
	d.settle()
}

// isAnswer tells whether a message says that the gateway has heard the device.
func isAnswer(t mqttsn.MsgType) bool {
	switch t {
	case mqttsn.TypePublish, mqttsn.TypeRegister, mqttsn.TypeAdvertise, mqttsn.TypeGwInfo, mqttsn.TypePingReq, mqttsn.TypePubRel:
		return false
	}
	return true
}

// promised is the silence that was agreed on.
func (d *device) promised() time.Duration {
	if d.client == nil {
		return 0
	}
	switch d.client.State() {
	case client.StateConnecting, client.StateActive:
		return d.pop.KeepAlive
	case client.StateAsleep, client.StateAwake:
		return d.pop.Sleep.Time
	}
	return 0
}

// settle follows everything that a device does: what comes next, and when.
func (d *device) settle() {
	c := d.client
	if c != nil && d.running && !d.leaving {
		switch c.State() {
		case client.StateActive:
			if !d.pop.awake && d.idle() {
				c.Sleep(d.fleet.clock, d.pop.Sleep.Time)
			}
		case client.StateAsleep:
			if _, busy := c.Outstanding(); !busy && c.Queued() > 0 {
				d.asked = d.fleet.now
				c.Connect(d.fleet.clock)
			}
		}
	}
	d.show()
	next := time.Duration(0)
	if c != nil {
		if t := c.Next(); !t.IsZero() {
			next = max(1, t.Sub(d.fleet.cfg.Start))
		}
	}
	for _, at := range d.alarms {
		if at > 0 && (next == 0 || at < next) {
			next = at
		}
	}
	d.wants(next)
}

// idle is when there is nothing to stay awake for.
func (d *device) idle() bool {
	_, busy := d.client.Outstanding()
	return !busy && d.client.Queued() == 0 && d.burst == 0 &&
		(d.down == "" || d.subscribed) && (d.update == nil || !d.update.running)
}

// show counts the device under what it is doing.
func (d *device) show() {
	s := Off
	if d.client != nil {
		s = [...]State{Disconnected, Connecting, Active, Asleep, Awake}[d.client.State()]
		if d.pop.QoS == -1 {
			s = Connectionless
		}
	}
	if s != d.state {
		d.fleet.stats.States[d.state]--
		d.fleet.stats.States[s]++
		if d.state == Asleep || d.state == Off {
			d.use.Wakes++
		}
		d.state = s
	}
}

// account adds the time since the last call to what the device was doing.
func (d *device) account() {
	spent := d.fleet.now - d.accounted
	if spent <= 0 {
		return
	}
	d.accounted = d.fleet.now
	switch {
	case d.client == nil && d.use.Wakes == 0: // not yet switched on
	case d.client == nil, d.state == Asleep, d.state == Connectionless:
		d.use.Sleep += spent
	case d.waits():
		d.use.Wait += spent
	default:
		d.use.Idle += spent
	}
}

func (d *device) waits() bool {
	_, busy := d.client.Outstanding()
	return busy || d.state == Awake
}
