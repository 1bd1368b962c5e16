package dtls

import (
	"hash/maphash"
	"time"

	"snbroker/transport"
)

// doubts remember ClientHellos that were not answered. A handshake costs some 30
// KiB and four goroutines before the peer has proved anything, and pion's cookies
// cannot be made without it. So while many handshakes wait for their cookie a
// ClientHello has to come twice: a device repeats it after a second or more, and
// whoever floods from invented addresses has to remember them.
//
// The memory is fixed: a slot may be another's by then, and the device repeats it
// once more.
type doubts struct {
	seed  maphash.Seed
	began time.Time
	slots []doubt
}

// doubt has no pointer: the collector need not look through the slots.
type doubt struct {
	hash uint64
	at   time.Duration // since began
}

const (
	doubtSlots = 16384
	// soonest is less than any device waits before it repeats a ClientHello, and
	// more than a network takes between two copies of a datagram.
	soonest = 100 * time.Millisecond
)

func newDoubts() *doubts {
	return &doubts{maphash.MakeSeed(), time.Now(), make([]doubt, doubtSlots)}
}

// again reports whether the same ClientHello came before, some time ago.
func (d *doubts) again(from transport.Addr, random [32]byte, now time.Time) bool {
	h := maphash.Comparable(d.seed, struct {
		from   transport.Addr
		random [32]byte
	}{from, random})
	slot := &d.slots[h%doubtSlots]
	if slot.hash != h {
		*slot = doubt{h, now.Sub(d.began)}
		return false
	}
	return now.Sub(d.began)-slot.at >= soonest
}
