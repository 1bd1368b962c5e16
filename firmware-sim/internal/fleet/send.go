package fleet

import (
	"time"

	"snbroker/firmware-sim/internal/radio"
	"snbroker/mqttsn"
)

// Send takes a datagram of the client.
func (d *device) Send(datagram []byte) {
	f := d.fleet
	if n := d.client.Counters().Repeated; n != d.repeated {
		d.repeated = n
		d.Retries++
		d.missed = true
		t, _ := mqttsn.PeekType(datagram)
		f.stats.Retries[t]++
	}
	d.transmit(datagram)
	if b := &d.pop.Bugs; b.Twice > 0 || b.Malformed > 0 {
		if d.chance.Hit(b.Twice) {
			d.transmit(datagram)
		}
		if d.chance.Hit(b.Malformed) {
			d.transmit(d.rubbish(datagram))
		}
	}
}

// rubbish is a datagram with its end cut off, and an octet changed.
func (d *device) rubbish(datagram []byte) []byte {
	b := append([]byte(nil), datagram[:1+d.chance.Below(len(datagram))]...)
	b[0] = byte(d.chance.Bits()) // a length that is hardly right
	if len(b) == int(b[0]) {
		b[0]++
	}
	return b
}

// transmit is the radio's part.
func (d *device) transmit(b []byte) {
	f := d.fleet
	f.stats.Up++
	if d.pop.perfect {
		f.out.Send(d.line, d.wrap(b))
		return
	}
	fate := d.radio.Up(&d.pop.Radio, &d.chance, f.now, len(b))
	d.use.Air += fate.Air
	d.accounted += fate.Air // which is not waiting, and not sleeping
	if fate.Cause != radio.Arrives {
		f.stats.Lost[fate.Cause]++
		return
	}
	f.queue.fly(fate.At, d, b, true)
	if fate.Twice {
		f.queue.fly(fate.At, d, b, true)
	}
}

func (d *device) hears(air time.Duration) {
	d.use.Hear += air
	d.accounted += air
}

// beside is how many octets wrap adds.
func (d *device) beside() int {
	if d.pop.Forwarder == 0 {
		return 0
	}
	return 3 + 4 // header, and a node id
}

// wrap puts a datagram into the forwarder's header, if the device is behind one.
func (d *device) wrap(b []byte) []byte {
	f := d.fleet
	if d.pop.Forwarder == 0 {
		return b
	}
	out, _ := mqttsn.AppendEncapsulation(f.encapsulated[:0], 0, nodeID(int(d.index))) // four octets fit
	f.encapsulated = append(out, b...)
	return f.encapsulated
}
