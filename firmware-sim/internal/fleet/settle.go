package fleet

import (
	"time"

	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
)

// receive takes a datagram that has arrived.
func (d *device) receive(datagram []byte) {
	if d.client == nil {
		return // nobody listens
	}
	d.account()
	t, _ := mqttsn.PeekType(datagram)
	if p := d.promised(); d.loses() && isAnswer(t) && p > 0 && d.fleet.now-d.heard > p && d.client.State() != client.StateConnecting {
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
			d.will.Heard(d.heard, d.promised(), d.client.State() != client.StateConnecting && !d.stale && !d.missed)
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
