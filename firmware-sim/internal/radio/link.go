package radio

import (
	"time"

	"snbroker/firmware-sim/internal/chance"
)

// Link is the channel of one device: what of it changes with time. Times are
// since the start of the run.
type Link struct {
	free time.Duration // when the device may use the air again
	up   way
	down way
}

type way struct {
	last time.Duration // the latest arrival that was not overtaken
	bad  bool          // within a burst
}

// Fate is what becomes of a datagram.
type Fate struct {
	Cause Cause         // why it does not arrive, or Arrives
	At    time.Duration // when it arrives
	Twice bool          // and once more
	Late  bool          // others may overtake it
	Air   time.Duration // on the air, lost or not
}

// Cause is why a datagram does not arrive.
type Cause uint8

const (
	Arrives   Cause = iota
	Lost            // one by one
	Burst           // in a burst
	TooLong         // for the MTU
	DutyCycle       // it would have waited too long
	Causes          // how many there are
)

func (c Cause) String() string {
	return [Causes]string{"arrives", "lost", "burst", "too long", "duty cycle"}[c]
}

// maxWait is how long a datagram waits for its turn on the air.
const maxWait = 10 * time.Minute

// Up decides on a datagram of n octets from the device.
func (l *Link) Up(m *Model, c *chance.Source, now time.Duration, n int) Fate {
	if n > m.Longest() {
		return Fate{Cause: TooLong}
	}
	air := m.Air.Time(n)
	leaves := now
	if m.Duty > 0 {
		leaves = max(now, l.free)
		if leaves > now+maxWait {
			return Fate{Cause: DutyCycle}
		}
		l.free = leaves + time.Duration(float64(air)/m.Duty)
	}
	return l.up.pass(m, c, leaves, air)
}

// Down decides on a datagram of n octets to the device.
func (l *Link) Down(m *Model, c *chance.Source, now time.Duration, n int) Fate {
	if n > m.Longest() {
		return Fate{Cause: TooLong}
	}
	return l.down.pass(m, c, now, m.Air.Time(n))
}

func (w *way) pass(m *Model, c *chance.Source, leaves, air time.Duration) Fate {
	f := Fate{Air: air}
	if m.BurstEnter > 0 {
		if w.bad {
			w.bad = !c.Hit(m.BurstLeave)
		} else {
			w.bad = c.Hit(m.BurstEnter)
		}
		if w.bad && c.Hit(m.BurstLoss) {
			f.Cause = Burst
			return f
		}
	}
	if c.Hit(m.Loss) {
		f.Cause = Lost
		return f
	}
	f.At = max(w.last, leaves+air+m.Delay+c.Upto(m.Jitter))
	f.Twice = c.Hit(m.Duplicate)
	if f.Late = c.Hit(m.Reorder); f.Late {
		f.At += m.Hold()
	} else {
		w.last = f.At
	}
	return f
}
