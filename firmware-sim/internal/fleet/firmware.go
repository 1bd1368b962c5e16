package fleet

import (
	"fmt"
	"time"

	"snbroker/firmware-sim/internal/truth"
	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
)

// boot switches the device on.
func (d *device) boot() {
	if !d.hasLine && !d.open(0) {
		return
	}
	d.client = client.New(d.config(), d)
	d.repeated, d.subscribing = 0, false
	if d.pop.QoS == -1 {
		d.run()
		return
	}
	d.connect()
}

// connect begins a connection.
func (d *device) connect() {
	if d.leaving {
		return
	}
	d.asked = d.fleet.now
	if d.will != nil {
		d.will.Returned(d.fleet.ledger, d.fleet.now)
	}
	resumes := d.client.State() == client.StateAsleep || d.client.State() == client.StateAwake
	if d.pop.CleanSession && !resumes {
		d.subscribed = false
		d.orders.Forgive(0)
	}
	if err := d.client.Connect(d.fleet.clock); err != nil {
		d.fleet.fail(fmt.Errorf("%s: %w", d.id, err))
	}
}

// run starts what a device does once it is connected for the first time.
func (d *device) run() {
	if d.running {
		return
	}
	d.running = true
	p, now := d.pop, d.fleet.now
	if d.fleet.stopped() {
		return
	}
	for _, c := range []struct {
		a    alarm
		mean time.Duration
	}{{reboot, p.Power.Reboot}, {powerLoss, p.Power.Loss}, {rebind, p.Move.Rebind}, {roam, p.Move.Roam}, {storm, p.Bugs.StormEvery}} {
		if c.mean > 0 && d.alarms[c.a] == 0 {
			d.set(c.a, now+1+d.chance.Exp(c.mean))
		}
	}
	if d.alarms[reading] == 0 {
		d.nextReading(true)
	}
	if d.update != nil && !d.update.done && d.alarms[download] == 0 {
		d.set(download, now+1+p.OTA.After+d.chance.Upto(p.OTA.After))
	}
}

// Handle takes an event of the client.
func (d *device) Handle(e client.Event) {
	switch e := e.(type) {
	case *client.Connected:
		d.connected(e.Resumed)
	case *client.Refused:
		d.fleet.stats.Refusals++
		d.retryLater()
	case *client.Disconnected:
		d.disconnected(e)
	case *client.FellAsleep:
		if d.alarms[wake] == 0 {
			d.nextWake()
		}
	case *client.AwakeEnded:
		if e.Complete {
			d.fleet.stats.WakeFlush.Add(d.fleet.now - d.asked)
			// A gateway that has not noticed the new address of a device takes
			// it for one that is awake still.
			if !d.excused && !d.stale {
				d.emptied = d.asked
			}
		} else {
			d.fleet.stats.WakesLost++
		}
		d.nextWake()
	case *client.Published:
		d.published(e)
	case *client.Subscribed:
		d.subscribing = false
		d.subscribed = e.ReturnCode == mqttsn.ReturnAccepted
		d.everSubscribed = d.everSubscribed || d.subscribed
		if !d.subscribed {
			d.fleet.stats.Refusals++
		} else if d.pop.Command.Interval > 0 && d.alarms[order] == 0 {
			d.set(order, d.fleet.now+1+d.chance.Exp(d.pop.Command.Interval))
		}
	case *client.Congested:
		d.fleet.stats.Congested++
	case *client.Message:
		d.message(e)
	}
}

func (d *device) connected(resumed bool) {
	d.fleet.stats.Connect.Add(d.fleet.now - d.asked)
	d.Connects++
	d.backoff, d.excused = 0, false
	// CONNACK does not tell a sleeper that it was forgotten, as it is if it was
	// not heard for too long, or its answers were not: it had better subscribe
	// again.
	d.stale = resumed && (d.stale || d.missed && d.loses())
	d.missed = false
	if d.stale {
		d.orders.Forgive(0)
	}
	if d.down != "" && !d.subscribing && (d.stale || !resumed && (d.pop.CleanSession || !d.everSubscribed)) {
		d.subscribing = true
		if _, err := d.client.Subscribe(d.fleet.clock, client.Named(d.down), mqttsn.QoS(d.pop.Command.QoS)); err != nil {
			d.fleet.fail(fmt.Errorf("%s: subscribe to %s: %w", d.id, d.down, err))
		}
	}
	d.run()
}

// disconnected judges the end of a connection, and comes back.
func (d *device) disconnected(e *client.Disconnected) {
	f := d.fleet
	switch e.Reason {
	case client.ReasonRequested:
		if d.will != nil {
			d.will.Left()
		}
		return
	case client.ReasonNoAnswer:
		f.stats.GiveUps++
		d.GiveUps++
		d.newSession() // which the gateway may have forgotten
		if !d.loses() && !f.stopped() && d.heeded(e) {
			v := truth.Violation{Rule: truth.Answered, At: f.now, Device: d.id,
				Text: fmt.Sprintf("%v was sent %d times over %v, and never answered", e.Request, e.Tries, e.Waited.Round(time.Millisecond))}
			if e.Request == mqttsn.TypePublish || e.Request == mqttsn.TypePubRel {
				v.Message, v.Topic = d.up.Oldest(), d.up.Topic
			}
			f.ledger.Report(v)
		}
	case client.ReasonGateway:
		f.stats.Ended++
		limit := d.pop.KeepAlive
		if d.state == Awake || d.state == Asleep {
			limit = d.pop.Sleep.Time
		}
		if quiet := f.now - d.heard; !d.excused && !f.away && !d.missed && !d.loses() && quiet < limit {
			f.ledger.Report(truth.Violation{Rule: truth.Remembered, At: f.now, Device: d.id,
				Text: fmt.Sprintf("the gateway ended the connection of a device that was %s, %v after its last answer, of %v that were agreed on",
					d.state, quiet.Round(time.Millisecond), limit)})
		}
	}
	d.retryLater()
}

// retryLater connects again: soon at first, then more and more seldom.
func (d *device) retryLater() {
	const soonest, latest = 200 * time.Millisecond, time.Minute
	d.backoff = min(max(2*d.backoff, soonest), latest)
	if !d.leaving {
		d.set(reconnect, d.fleet.now+d.chance.Around(d.backoff, 0.5))
	}
}

// nextWake is by the device's own clock, which drifts.
func (d *device) nextWake() {
	if d.pop.Sleep.Wake > 0 {
		d.set(wake, d.fleet.now+time.Duration(float64(d.pop.Sleep.Wake)*(1+float64(d.drift))))
	}
}

// wakeUp asks for what was kept. A device that is awake for another reason looks
// at the clock again when it falls asleep.
func (d *device) wakeUp() {
	if d.client == nil || d.leaving {
		return
	}
	d.asked = d.fleet.now
	if d.client.Wake(d.fleet.clock) != nil && d.client.State() == client.StateAsleep {
		d.nextWake()
	}
}

// published settles a message.
func (d *device) published(e *client.Published) {
	o := truth.Taken
	switch {
	case e.Uncertain:
		o = truth.Uncertain
	case e.ReturnCode != mqttsn.ReturnAccepted:
		o = truth.Refused
	}
	sent, n := d.up.Settle(uint32(e.Token), o)
	if n > 0 && o == truth.Taken {
		d.fleet.stats.Acknowledged.Add(d.fleet.now - sent)
	}
	if d.awaited != e.Token || e.Token == 0 {
		return
	}
	d.awaited = 0
	// In virtual time answers may take none, and there would be no end of them.
	if d.pop.Interval == 0 && d.fleet.now > sent {
		d.read()
		return
	}
	d.nextReading(false)
}

// goodbye ends it all, as a device that is switched off properly.
func (d *device) goodbye() {
	d.leaving = true
	if d.client != nil && d.state != Connectionless {
		d.client.Disconnect(d.fleet.clock)
	}
}
