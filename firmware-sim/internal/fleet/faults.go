package fleet

import (
	"time"

	"snbroker/mqttsn"
)

// again sets an alarm for what happens by chance.
func (d *device) again(a alarm, mean time.Duration) {
	if !d.fleet.stopped() {
		d.set(a, d.fleet.now+1+d.chance.Exp(mean))
	}
}

// restart is a reboot: what was in memory is gone, the address is not.
func (d *device) restart() {
	d.again(reboot, d.pop.Power.Reboot)
	if d.client == nil || d.fleet.stopped() {
		return
	}
	d.fleet.stats.Reboots++
	d.forget()
	d.boot()
}

// losePower ends the device without a word, for a while.
func (d *device) losePower() {
	d.again(powerLoss, d.pop.Power.Loss)
	if d.client == nil || d.fleet.stopped() {
		return
	}
	d.fleet.stats.PowerLosses++
	if d.will != nil {
		d.will.Silent(d.fleet.now)
	}
	d.forget()
	d.client = nil
	for _, a := range []alarm{reading, wake, reconnect, storm, download} {
		d.alarms[a] = 0
	}
	d.set(switchOn, d.fleet.now+1+d.chance.Around(d.pop.Power.Off, 0.5))
}

// forget is what a device without power does.
func (d *device) forget() {
	d.up.Abandon()
	d.orders.Amnesia()
	d.newSession()
	d.burst, d.awaited, d.running = 0, 0, false
	d.alarms[reconnect], d.alarms[wake] = 0, 0
	if u := d.update; u != nil && !u.done {
		*u = update{} // an image that is half there is of no use
	}
}

// newSession gives up the session below the protocol, if there is one, and if it is
// the device's alone.
func (d *device) newSession() {
	if d.hasLine && d.pop.Forwarder == 0 {
		d.fleet.out.Forget(d.line)
	}
}

// newAddress is a NAT's doing, or of a device that comes to another gateway.
// Having moved by itself, it connects there.
func (d *device) newAddress(toAnother bool) {
	a, mean, gateway := rebind, d.pop.Move.Rebind, int(d.line>>gatewayShift)
	if toAnother {
		a, mean, gateway = roam, d.pop.Move.Roam, (gateway+1)%d.fleet.cfg.Gateways
	}
	d.again(a, mean)
	if d.client == nil || d.fleet.stopped() {
		return
	}
	d.fleet.stats.Moves++
	d.excused = true
	if d.pop.Forwarder == 0 && !toAnother && d.fleet.out.Move(d.line) {
		return
	}
	if d.pop.Forwarder == 0 {
		d.fleet.out.Close(d.line)
		d.fleet.own(d.line, nobody)
	}
	if d.open(gateway) && toAnother && d.pop.QoS != -1 {
		d.connect()
	}
}

// gatewayShift: the number of the gateway is in the upper bits of a Line.
const gatewayShift = 28

// LineOf is the line with a number towards a gateway.
func LineOf(gateway int, number uint32) Line { return Line(gateway)<<gatewayShift | Line(number) }

// Split takes a Line apart.
func (l Line) Split() (gateway int, number uint32) {
	return int(l >> gatewayShift), uint32(l) & (1<<gatewayShift - 1)
}

// open gives the device an address of its own, or a place behind a forwarder.
func (d *device) open(gateway int) bool {
	f, p := d.fleet, d.pop
	if p.Forwarder > 0 && p.behind%p.Forwarder > 0 {
		p.behind++
		d.line, d.hasLine = p.line, true
		return true
	}
	l, err := f.out.Open(gateway, d.named)
	if err != nil {
		f.fail(err)
		return false
	}
	d.line, d.hasLine = l, true
	f.own(l, d.index)
	if p.Forwarder > 0 {
		f.own(l, aForwarder)
		p.line = l
		p.behind++
	}
	return true
}

// storms sends a great many requests at once, as broken firmware does.
func (d *device) storms() {
	d.again(storm, d.pop.Bugs.StormEvery)
	if d.client == nil || d.fleet.stopped() {
		return
	}
	d.fleet.stats.Storms++
	ping := []byte{2, byte(mqttsn.TypePingReq)}
	for range d.pop.Bugs.StormSize {
		d.transmit(ping)
	}
}
