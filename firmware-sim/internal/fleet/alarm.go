package fleet

import (
	"time"
)

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
