package truth

import (
	"fmt"
	"slices"
	"time"
)

// Arrival is what is known of a message that arrived.
type Arrival struct {
	First   bool
	Number  uint32
	Sent    time.Duration
	Origin  time.Duration
	Latency time.Duration
}

// Arrived judges a message at the reader.
func (s *Stream) Arrived(l *Ledger, now time.Duration, payload []byte) Arrival {
	return s.arrived(l, now, payload, digest(payload))
}

func (s *Stream) arrived(l *Ledger, now time.Duration, payload []byte, d uint64) Arrival {
	repeat := -1
	for i := range s.open {
		if e := &s.open[i]; e.digest == d {
			if e.flags&arrived == 0 {
				return s.first(l, now, i)
			}
			repeat = i
		}
	}
	if repeat >= 0 {
		e := s.open[repeat]
		s.repeated(l, now, &e, e.flags&again != 0)
		s.retains(l, &e)
		return Arrival{Number: e.number, Sent: e.at}
	}
	if slices.Contains(s.recent[:], d) {
		s.repeated(l, now, nil, slices.Contains(s.before[:], d))
		return Arrival{}
	}
	l.Report(Violation{Rule: OnlySent, At: now, Device: s.Device, Topic: s.Topic,
		Text: fmt.Sprintf("%s arrived, which was not sent, or long ago", excerpt(payload))})
	return Arrival{}
}

func (s *Stream) first(l *Ledger, now time.Duration, i int) Arrival {
	e := &s.open[i]
	if e.flags&judged != 0 {
		*e.missing(s.Totals)--
	}
	e.flags |= arrived
	s.Totals.Arrived++
	if e.number < s.high {
		if s.Loose && (e.qos == 0 || e.qos == QoSMinusOne) {
			s.Totals.Late++
		} else {
			l.Report(Violation{Rule: InOrder, At: now, Device: s.Device, Topic: s.Topic, Message: e.number,
				Text: fmt.Sprintf("QoS %s, sent at %v, arrived after message %d", qosName(e.qos), round(e.at), s.high)})
		}
	}
	s.high = max(s.high, e.number)
	s.retains(l, e)
	a := Arrival{First: true, Number: e.number, Sent: e.at, Origin: e.origin, Latency: now - e.at}
	if e.flags&(settled|may) != 0 {
		s.forget(i)
	}
	return a
}

func (s *Stream) retains(l *Ledger, e *entry) {
	if e.flags&retain != 0 {
		l.keep(s.Topic, e.digest)
	}
}

// repeated judges a message that had arrived before; e is nil if it is known no
// more than that. excused: its reader has forgotten that.
func (s *Stream) repeated(l *Ledger, now time.Duration, e *entry, excused bool) {
	v := Violation{Rule: AtMostOnce, At: now, Device: s.Device, Topic: s.Topic, Text: "arrived again"}
	qos := s.closed
	if e != nil {
		qos, v.Message = e.qos, e.number
		v.Text = fmt.Sprintf("QoS %s, sent once at %v, arrived again", qosName(qos), round(e.at))
	}
	switch {
	case qos == 1, qos != 2 && s.Loose, qos == 2 && excused:
		s.Totals.Duplicates++
	default:
		l.Report(v)
	}
}

// forget closes a message of which all is known.
func (s *Stream) forget(i int) {
	s.recent[s.next] = s.open[i].digest
	if s.open[i].flags&again != 0 {
		s.before[s.next] = s.open[i].digest
	}
	s.next = (s.next + 1) % uint8(len(s.recent))
	s.closed = s.open[i].qos
	s.open = slices.Delete(s.open, i, i+1)
	if len(s.open) == 0 && cap(s.open) > 4 {
		s.open = nil // an idle device does not pay for its busiest hour
	}
}

// Finish judges what is open when time is up. What may arrive still is counted
// as uncertain until it does.
func (s *Stream) Finish(l *Ledger, now time.Duration) {
	for i := range s.open {
		e := &s.open[i]
		if e.flags&(arrived|may|settled) == settled {
			l.Report(Violation{Rule: AtLeastOnce, At: now, Device: s.Device, Topic: s.Topic, Message: e.number,
				Text: fmt.Sprintf("QoS %s, sent at %v, was acknowledged and never arrived", qosName(e.qos), round(e.at))})
		}
		e.close(s)
		if e.lost() {
			e.flags |= gone
		}
		e.flags |= judged
	}
}

// close counts a message that is not waited for any more, once.
func (e *entry) close(s *Stream) {
	if e.flags&(arrived|judged) == 0 {
		*e.missing(s.Totals)++
	}
}

// lost tells whether it had to arrive. What becomes known after the judgement does
// not change it.
func (e *entry) lost() bool {
	if e.flags&judged != 0 {
		return e.flags&gone != 0
	}
	return e.flags&(may|settled) == settled
}

// missing is where a message is counted that has not arrived.
func (e *entry) missing(t *Totals) *uint64 {
	switch {
	case e.qos == 0 || e.qos == QoSMinusOne:
		return &t.Dropped
	case e.lost():
		return &t.Lost
	}
	return &t.Uncertain
}

func qosName(q uint8) string {
	return [4]string{"0", "1", "2", "-1"}[q&3]
}
