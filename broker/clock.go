package broker

import (
	"bytes"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"snbroker/internal/store"
)

// clock is the store's own time: nanoseconds that have passed for what is kept
// in it, as far as the broker knows. Deadlines on the disk are on it, not on the
// wall clock: a Raspberry Pi has none that it could trust at boot, and one that
// jumps by years must end no session and no message.
//
// While the broker runs the clock is monotonic. Over a stop it goes on by what
// the kernel's clock says, if the machine was not restarted in between, else by
// the wall clock, if that is plausible: forward, and by no more than
// longestStop. What is not believed counts as no time at all: things are kept
// too long rather than lost.
type clock struct {
	base  int64 // at start
	start time.Time
	told  atomic.Int64 // the last that was stored

	mu     sync.Mutex
	stored store.LSN // where the last record is; 0: nowhere
	octets int       // of it
}

// longestStop is the longest time between two runs that the wall clock alone is
// believed to show.
const longestStop = 30 * 24 * time.Hour

// clockEvery is how far the clock on the disk may be behind while records are
// written.
const clockEvery = 30 * time.Second

// reading is the clock as it is stored, with what is needed to tell how long
// the broker was stopped.
type reading struct {
	clock  int64
	wall   int64 // Unix time in nanoseconds
	uptime int64 // the machine's, in nanoseconds, sleep included; 0: unknown
	boot   []byte
	lastNo uint32 // highest session number given out
}

// now is the clock's time.
func (c *clock) now() int64 { return c.at(time.Now()) }

func (c *clock) at(t time.Time) int64 { return c.base + int64(t.Sub(c.start)) }

// time is the other way round.
func (c *clock) time(at int64) time.Time { return c.start.Add(time.Duration(at - c.base)) }

// deadline is at for a deadline, 0 for none.
func (c *clock) deadline(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return max(1, c.at(t))
}

// timeOf is the other way round.
func (c *clock) timeOf(deadline int64) time.Time {
	if deadline == 0 {
		return time.Time{}
	}
	return c.time(deadline)
}

// tick stores the clock, if that is due.
func (b *Broker) tick() {
	now, told := b.clock.now(), b.clock.told.Load()
	if now-told < int64(clockEvery) && told != 0 || !b.clock.told.CompareAndSwap(told, max(1, now)) {
		return
	}
	b.tellTime()
}

// tellTime stores the clock. The last record of it must outlive the segment that
// it is in, or all deadlines would be far away after a restart.
func (b *Broker) tellTime() {
	r := readClocks()
	c := &b.clock
	c.mu.Lock()
	defer c.mu.Unlock()
	r.clock, r.lastNo = c.now(), b.numbered.highest()
	before, octets := c.stored, c.octets
	c.stored, _, c.octets = b.append(true, r.appendTo)
	if before != 0 {
		b.store.Dead(before, octets)
	}
}

func (r *reading) appendTo(b []byte) []byte {
	b = appendUint(append(b, byte(recordClock)), uint64(r.clock))
	b = appendUint(appendUint(b, uint64(r.wall)), uint64(r.uptime))
	return appendUint(appendText(b, r.boot), uint64(r.lastNo))
}

func (r *reading) decode(b []byte) error {
	f := fields{b: b}
	*r = reading{clock: int64(f.limited(1<<63 - 1)), wall: int64(f.uint()), uptime: int64(f.limited(1<<63 - 1)), boot: f.text(), lastNo: f.uint32()}
	return f.end()
}

// stopped returns how long the broker was not running between r and now.
func (r *reading) stopped(now reading) time.Duration {
	if now.uptime > 0 && r.uptime > 0 && string(now.boot) == string(r.boot) && now.uptime >= r.uptime {
		return time.Duration(now.uptime - r.uptime)
	}
	if d := time.Duration(now.wall - r.wall); d > 0 && d <= longestStop {
		return d
	}
	return 0
}

// readClocks returns the machine's clocks.
func readClocks() reading {
	return reading{wall: time.Now().UnixNano(), uptime: machineUptime(), boot: bootID()}
}

// bootID is another one each time that the machine starts; nil if it has none. It
// is read once: the clock is noted with locks held.
var bootID = sync.OnceValue(func() []byte {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return nil
	}
	return bytes.TrimSpace(boot)
})
