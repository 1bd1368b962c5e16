package dtls

import (
	"time"

	"snbroker/transport"
)

// cid is a Connection ID of ours.
type cid [cidLength]byte

// arrivals are the handshakes at an address. Only proved has returned the cookie
// and so owns the address.
type arrivals struct{ unproved, proved *session }

// maxPlain bounds the octets that a session takes without encryption: a chain of
// certificates, and its repetitions. pion would gather fragments without end.
const maxPlain = 64 << 10

// demux is the link as the receiver of its socket: Route, one step below the
// gateway's.
type demux Link

// Receive implements transport.Receiver.
func (d *demux) Receive(_ transport.Link, datagrams []transport.Datagram) {
	l := (*Link)(d)
	now := time.Now()
	for i := range datagrams {
		in := &datagrams[i]
		if len(in.Data) > inbound {
			l.counters.Oversized.Add(1)
			continue
		}
		l.route(in.Data, endpoint{in.From, in.Local}, now)
	}
}

// route gives a datagram to its session. The first record decides: all records
// of a datagram are of one session.
func (l *Link) route(b []byte, from endpoint, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	what, ok := scan(b)
	switch {
	case !ok:
		l.counts.stray.Add(1)
	case b[0] == recordCID:
		if s := l.byCID[cid(b[cidAt:])]; s != nil {
			l.give(s, b, what, from)
		} else {
			l.counts.unknownCID.Add(1)
		}
	case isHello(b):
		l.routeHello(b, what, from, now)
	default:
		at, settled := l.arriving[from.addr], l.settled[from.addr]
		switch {
		case at.proved != nil:
			l.give(at.proved, b, what, from)
			if settled != nil && epoch(b) > 0 { // whoever has no key for it drops it
				l.give(settled, b, what, from)
			}
		case settled != nil:
			l.give(settled, b, what, from)
		case at.unproved != nil:
			l.give(at.unproved, b, what, from)
		default:
			l.counts.stray.Add(1)
		}
	}
}

// give puts a datagram into a session's pipe. What is not encrypted anybody can
// have written, and pion answers some of it with an alert that would end the
// session at the device: so of that an established session gets only what repeats
// a handshake.
func (l *Link) give(s *session, b []byte, what contents, from endpoint) {
	if what.plain > 0 {
		if s.state == established && what.alert {
			l.counts.stray.Add(1)
			return
		}
		if s.plain += what.plain; s.plain > maxPlain {
			l.counts.overrun.Add(1)
			return
		}
	}
	for b[0] == recordCID && len(b) > recordSize(b) { // see pipe.arrived
		l.put(s, b[:recordSize(b)], from)
		b = b[recordSize(b):]
	}
	l.put(s, b, from)
}

func (l *Link) put(s *session, b []byte, from endpoint) {
	if !s.pipe.put(b, from) {
		l.counts.overrun.Add(1)
	}
}
