package store

import "time"

// day counts what was written in the last 24 hours, by the hour: what wears an SD
// card out. It is told at commits, and needs no clock of its own.
type day struct {
	hours [24]int64
	hour  int64 // the last that was told of, since 1970
	told  int64 // octets, ever
}

// spend notes how much was written ever.
func (d *day) spend(now time.Time, octets int64) {
	d.turn(now)
	d.hours[d.hour%24] += octets - d.told
	d.told = octets
}

func (d *day) sum(now time.Time) (octets int64) {
	d.turn(now)
	for _, n := range d.hours {
		octets += n
	}
	return octets
}

// turn empties the hours that have passed. A clock that was set back counts on in
// the hour it had reached.
func (d *day) turn(now time.Time) {
	hour := now.Unix() / 3600
	if d.hour == 0 {
		d.hour = hour - 24 // all hours are empty
	}
	for range min(hour-d.hour, 24) {
		d.hour++
		d.hours[d.hour%24] = 0
	}
	d.hour = max(d.hour, hour)
}
