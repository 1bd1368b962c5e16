package broker

import (
	"time"

	"snbroker/internal/mqtt"
	"snbroker/internal/store"
)

// Turn collects what one goroutine's batch of work owes to others: the
// connections that became ready, and what is to be counted. A caller does
// everything for a batch of input with one Turn and then calls [Broker.End], so
// that a subscriber is woken once a batch and not once a message. The zero
// value is ready; a Turn may be used again after End.
type Turn struct {
	wakes     []*Conn
	expelled  []*Conn // did not keep up
	published uint64
	delivered uint64
	bytesIn   uint64 // of payloads published
	sent      uint64 // messages pulled
	bytesOut  uint64 // of their payloads
	dropped   [numDropReasons]uint64
	losses    []loss
	until     store.LSN      // see Until
	record    messageRecord  // scratch
	targets   []recordTarget // who has the message that is being routed on the disk
	bodiless  *Message       // that message; nil: not needed yet
	queued    int64          // octets that queues grew by, or shrank
	memory    memoryLevel
	swamped   bool // the message, at QoS 0, is not put on the disk
	pause     time.Duration
}

// Empty tells whether there is nothing to end.
func (t *Turn) Empty() bool {
	return len(t.wakes)+len(t.expelled) == 0 && t.published == 0 && t.delivered == 0 && t.sent == 0 && t.queued == 0 && t.dropped == [numDropReasons]uint64{}
}

// End tells the connections that became ready and adds up the counts. No lock
// may be held by the caller that a Client's Ready needs.
//
// A pause is asked for when the turn fed a client that reads, but not as fast
// as messages come for it: whoever brought them should wait so long before it
// brings more. So a burst that a fast client could take is not dropped at the
// end of its queue, and a slow client holds up nobody for long.
func (b *Broker) End(t *Turn) (pause time.Duration) {
	for i, c := range t.wakes {
		t.wakes[i] = nil
		c.client.Ready()
	}
	t.wakes = t.wakes[:0]
	if len(t.expelled) > 0 {
		b.expel(t)
	}
	if t.published > 0 || t.delivered > 0 {
		b.stats.published.Add(t.published)
		b.stats.delivered.Add(t.delivered)
		b.stats.bytesIn.Add(t.bytesIn)
		t.published, t.delivered, t.bytesIn = 0, 0, 0
	}
	if t.sent > 0 {
		b.stats.sent.Add(t.sent)
		b.stats.bytesOut.Add(t.bytesOut)
		t.sent, t.bytesOut = 0, 0
	}
	if t.queued != 0 {
		b.queued.Add(t.queued)
		t.queued = 0
	}
	for _, l := range t.losses {
		if b.lost != nil {
			b.lost(l.clientID, l.why)
		}
	}
	t.losses = t.losses[:0]
	for why, n := range t.dropped {
		if n > 0 {
			b.stats.dropped[why].Add(n)
			t.dropped[why] = 0
		}
	}
	pause, t.pause = t.pause, 0
	return pause
}

// expel disconnects the clients that did not keep up. Their wills are published:
// they have not left by themselves.
func (b *Broker) expel(t *Turn) {
	slow := t.expelled
	t.expelled = nil
	for _, c := range slow {
		var turn Turn
		if c.detach(true, &turn) {
			c.client.Closed(mqtt.ReasonQuotaExceeded)
		}
		b.End(&turn)
	}
}
