package gateway

import (
	"math"
	"time"

	"snbroker/broker"
	"snbroker/mapping"
)

// Device is what the gateway knows of a device that is there.
type Device struct {
	State     State // Disconnected: the gateway has no such device
	Peer      string
	Link      string
	KeepAlive time.Duration // 0: none was asked for
	Sleep     time.Duration // that it said last; 0: never
	Clean     bool
	Heard     time.Time // its last message
	WakeDue   time.Time // of a sleeper; zero: it does not sleep
	LostAt    time.Time // if nothing is heard until then; zero: never
	Congested time.Time // until when it is left alone; zero: it is not
	// Retries counts the messages that had to be sent to it again, since it
	// connected; RoundTrip is how long it takes to answer, smoothed, 0: not known.
	Retries   int
	RoundTrip time.Duration
}

// devicesATurn is how many devices are looked at while traffic waits.
const devicesATurn = 128

// Devices tells of the devices with these ClientIDs, in their order.
func (g *Gateway) Devices(ids []string) []Device {
	out := make([]Device, 0, len(ids))
	for len(ids) > 0 {
		n := min(len(ids), devicesATurn)
		g.beginTurn()
		for _, id := range ids[:n] {
			if s := g.byID[id]; s != nil {
				out = append(out, s.describe())
			} else {
				out = append(out, Device{})
			}
		}
		g.endTurn()
		ids = ids[n:]
	}
	return out
}

func (s *session) describe() Device {
	g := s.g
	now := time.Now()
	at := func(i instant) time.Time { return now.Add(time.Duration(i - g.now)) }
	d := Device{State: s.state, KeepAlive: time.Duration(s.keepAlive) * time.Second, Sleep: time.Duration(s.sleep) * time.Second, Clean: s.clean,
		Heard: at(s.heard), Retries: int(s.retries), RoundTrip: time.Duration(s.roundTrip) * time.Microsecond}
	if s.bound() {
		d.Peer, d.Link = s.peer.String(), s.peer.link.Name()
	}
	if s.state == Asleep {
		d.WakeDue = d.Heard.Add(d.Sleep)
	}
	if lost := s.supervision(); lost != never {
		d.LostAt = at(lost)
	}
	if s.hold > g.now {
		d.Congested = at(s.hold)
	}
	return d
}

// TopicsOf lists the topic ids of a session, given what it keeps.
func TopicsOf(kept broker.Kept) (out []mapping.Topic) {
	m, ok := kept.(*memory)
	if octets, restarted := kept.(broker.KeptOctets); restarted {
		m, ok = new(memory), true
		_ = m.take(octets) // what there is of it
	}
	if !ok {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for t := range m.topics.All() {
		if t.Name != "" {
			out = append(out, t)
		}
	}
	return out
}

// answered notes how long the device took. Of a message that was sent again
// nobody knows which of the two is answered.
func (x *exchange) answered() {
	s := x.s
	g := s.g
	if x.tries > 0 || x.delivery.Dup || x.due == never {
		return
	}
	took := time.Duration(g.now-x.due) + g.cfg.TRetry
	if took < 0 {
		return
	}
	g.stats.RoundTrips++
	g.stats.RoundTripTime += took
	us := uint32(min(took.Microseconds(), math.MaxUint32/8))
	if s.roundTrip == 0 {
		s.roundTrip = max(us, 1)
	} else {
		s.roundTrip = max(1, (7*s.roundTrip+us)/8)
	}
}

// resent counts a message that is sent again.
func (s *session) resent() {
	s.g.stats.Retries++
	if s.retries < math.MaxUint16 {
		s.retries++
	}
}
