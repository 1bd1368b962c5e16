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

// device is one of them. It belongs to its fleet's owner. What each datagram
// touches comes first, and together: with thousands of devices it is in no cache.
type device struct {
	fleet                                   *Fleet
	pop                                     *population
	client                                  *client.Client // nil: switched off
	line                                    Line
	index                                   int32
	repeated                                uint32 // of the client's count, what has been seen
	state                                   State
	hasLine, running, leaving               bool
	subscribing, subscribed, everSubscribed bool
	excused                                 bool          // it has a new address since it connected
	missed                                  bool          // something was lost on the way since it connected, even without a radio
	stale                                   bool          // it goes on with a session that the gateway may have ended
	accounted                               time.Duration // until when use says what it was doing
	due                                     time.Duration // the entry in the queue that counts; 0 is none
	alarms                                  [alarms]time.Duration
	heard                                   time.Duration // the gateway's last answer
	will                                    *truth.Will
	update                                  *update
	use                                     battery.Use
	up                                      truth.Stream
	chance                                  chance.Source
	Tally

	id     string
	topic  client.Topic // of what it publishes
	walks  []float32
	radio  radio.Link
	drift  float32
	down   string       // the topic of its commands
	orders truth.Stream // down

	served  time.Duration // when the last command came
	emptied time.Duration // when the last awake period began that PINGRESP ended
	asked   time.Duration // CONNECT or PINGREQ, of which the answer is measured
	backoff time.Duration
	burst   int          // messages of it that are left
	awaited client.Token // of the reading that the next one waits for; 0: it does not
}

// Tally is what came of one device.
type Tally struct {
	Retries, GiveUps, Connects, Arrived, Commands uint32
	Worst, Sum                                    time.Duration // of its messages' latency
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

// named puts the device's names into a template.
func (d *device) named(template string) string {
	return named(template, d.pop.Name, number(int(d.index)-d.pop.first), d.id)
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
		MaxMessage: min(p.Radio.Longest(), d.fleet.cfg.MTU-d.beside()),
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
