package fleet

import (
	"bytes"
	"fmt"
	"strconv"
	"time"

	"snbroker/firmware-sim/internal/payload"
	"snbroker/firmware-sim/internal/truth"
	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
)

// nextReading sets the alarm for what the device publishes by itself. The first
// one is anywhere within the interval, so that devices are spread.
func (d *device) nextReading(first bool) {
	p, now := d.pop, d.fleet.now
	switch {
	case d.fleet.stopped():
	case d.burst > 0:
		d.set(reading, now+1+p.Burst.Gap)
	case p.Burst.Every > 0:
		d.set(reading, now+1+d.chance.Exp(p.Burst.Every))
	case p.Interval == 0 && !p.Waits:
	case p.Interval == 0:
		d.set(reading, now+time.Millisecond)
	case first:
		d.set(reading, now+1+d.chance.Upto(p.Interval))
	default:
		d.set(reading, now+1+d.chance.Around(p.Interval, p.Jitter))
	}
}

// read publishes a reading, or a message of a burst.
func (d *device) read() {
	if d.client == nil || d.fleet.stopped() {
		return
	}
	if d.burst == 0 && d.pop.Burst.Every > 0 {
		d.burst = d.pop.Burst.Messages
	}
	token := d.publish("", 0, nil)
	d.burst = max(0, d.burst-1)
	if d.pop.Waits && token != 0 {
		d.awaited = token // published goes on
		return
	}
	d.nextReading(false)
}

// publish sends a message: a reading, an answer to a command, or a text as it is.
// It returns what published will be told of; 0: nothing.
func (d *device) publish(command string, origin time.Duration, text []byte) client.Token {
	f := d.fleet
	if d.client.Queued() >= d.room() {
		f.stats.Skipped++
		return 0
	}
	if text == nil {
		f.text = d.pop.Template.Append(f.text[:0], payload.Device{
			ID: d.id, Count: d.up.Count() + 1, Command: command, Now: f.clock, Chance: &d.chance, State: d.walks,
		})
		text = bytes.Clone(f.text)
	}
	qos := uint8(d.pop.QoS)
	if d.pop.QoS == -1 {
		qos = truth.QoSMinusOne
	}
	d.up.Sent(f.now, truth.Message{Payload: text, QoS: qos, Retain: d.pop.Retain, Origin: origin})
	token, err := d.client.Publish(f.clock, d.topic, text, mqttsn.QoS(qos), d.pop.Retain)
	if err != nil {
		d.up.Unsent()
		f.stats.Skipped++ // too long for the radio
		return 0
	}
	d.up.SetToken(uint32(token))
	return token
}

// command is a message of the program that the broker has not taken yet.
type command struct {
	device *device
	number uint32
}

// command has the program send the device one, and sets the alarm for the next.
func (d *device) command() {
	if d.fleet.stopped() {
		return
	}
	if d.subscribed && d.fleet.runs() {
		d.send(0, d.pop.Command.Size)
	}
	d.set(order, d.fleet.now+1+d.chance.Exp(d.pop.Command.Interval))
}

// send has the program send a message: the run, its number, what it is about,
// and as many octets as wanted.
func (d *device) send(about, size int) {
	f := d.fleet
	n := d.orders.Count() + 1
	b := fmt.Appendf(nil, "%s %d %d ", f.cfg.Run, n, about)
	for len(b) < size {
		b = append(b, '.')
	}
	qos := uint8(d.pop.Command.QoS)
	d.orders.Sent(f.now, truth.Message{Payload: b, QoS: qos, Token: n})
	id, err := f.out.Publish(d.down, b, qos)
	if err != nil {
		d.orders.Unsent()
		f.stats.Skipped++
		return
	}
	if id != 0 {
		f.commands[id] = command{d, n}
	}
}

// Acknowledged says that the broker has taken what the program published.
func (f *Fleet) Acknowledged(id uint16) {
	if c, ok := f.commands[id]; ok {
		delete(f.commands, id)
		c.device.orders.Settle(c.number, truth.Taken)
	}
}

// message takes a command at the device.
func (d *device) message(m *client.Message) {
	f := d.fleet
	d.missed = d.missed || m.Dup
	fields := bytes.SplitN(m.Payload, []byte(" "), 4)
	if len(fields) < 4 || string(fields[0]) != f.cfg.Run {
		f.stats.Foreign++ // of an earlier run, or of somebody else
		return
	}
	a := d.orders.Arrived(f.ledger, f.now, m.Payload)
	if !a.First {
		return
	}
	f.stats.Command.Add(a.Latency)
	f.stats.Commands++
	d.served = f.now
	d.Commands++
	if d.update != nil {
		if i, err := strconv.Atoi(string(fields[2])); err == nil {
			d.chunk(i)
		}
	} else if d.pop.Command.Answer && !d.leaving {
		d.publish(itoa(a.Number), a.Sent, nil)
	}
}

// Message takes what the program got from the broker. A retained one that was
// there before is not of this run.
func (f *Fleet) Message(topic, text []byte, isRetained bool) {
	if isRetained {
		f.stats.Foreign++
		return
	}
	if f.clearing && len(text) == 0 {
		return
	}
	if bytes.HasPrefix(text, []byte("lost ")) && !bytes.HasSuffix(text, []byte(f.cfg.Run)) {
		f.stats.Foreign++ // the will of an earlier run's device
		return
	}
	if f.cfg.Prefix != "" && !f.ledger.Knows(topic) {
		f.stats.Foreign++ // another fleet's
		return
	}
	s, a := f.ledger.Arrived(f.now, topic, text)
	if s == nil || !a.First {
		return
	}
	d := &f.devices[s.Owner]
	f.stats.EndToEnd.Add(a.Latency)
	f.series.latency.Add(a.Latency)
	f.stats.Arrived++
	d.Arrived++
	d.Sum += a.Latency
	d.Worst = max(d.Worst, a.Latency)
	if a.Origin > 0 {
		f.stats.Answer.Add(f.now - a.Origin)
	}
	if d.update != nil {
		d.serve(text)
	}
}
