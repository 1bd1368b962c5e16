package broker

import (
	"fmt"
	"strings"
	"time"
)

// DescribeRecord says in a line what a record of the store holds, for people.
func DescribeRecord(record []byte) string {
	if len(record) == 0 {
		return "empty"
	}
	b := record[1:]
	f := fields{b: b}
	switch kind := recordKind(record[0]); kind {
	case recordSession:
		return describeSession(b)
	case recordMessage:
		return describeMessage(b)
	case recordEnd:
		return told(&f, fmt.Sprintf("session %d ended", f.uint32()))
	case recordSub:
		no := f.uint32()
		sub, _ := decodeSubscription(&f)
		return told(&f, fmt.Sprintf("session %d subscribed to %q qos=%d", no, sub.filter, sub.options.QoS))
	case recordUnsub:
		return told(&f, fmt.Sprintf("session %d unsubscribed from %q", f.uint32(), f.text()))
	case recordReplayed:
		return told(&f, fmt.Sprintf("session %d has the retained messages of %q", f.uint32(), f.text()))
	case recordDone:
		return told(&f, fmt.Sprintf("session %d finished delivery %d", f.uint32(), f.uint32()))
	case recordReleased:
		return told(&f, fmt.Sprintf("session %d has delivery %d (PUBREC)", f.uint32(), f.uint32()))
	case recordReceived:
		return told(&f, fmt.Sprintf("session %d sent QoS 2 packet %d, for nobody", f.uint32(), f.uint32()))
	case recordFreed:
		return told(&f, fmt.Sprintf("session %d released QoS 2 packet %d (PUBREL)", f.uint32(), f.uint32()))
	case recordKept:
		return told(&f, fmt.Sprintf("session %d keeps %x", f.uint32(), f.text()))
	case recordDetached:
		no := f.uint32()
		flags := f.octet()
		_, willAt, endAt := f.uint32(), f.uint(), f.uint()
		return told(&f, fmt.Sprintf("session %d lost its connection will=%v will_at=%s end_at=%s", no, flags&sessionWill != 0, clockText(willAt), clockText(endAt)))
	case recordClock:
		var r reading
		if r.decode(b) != nil {
			break
		}
		return fmt.Sprintf("clock %s, wall clock %s, session numbers to %d", clockText(uint64(r.clock)), time.Unix(0, r.wall).UTC().Format(time.RFC3339), r.lastNo)
	}
	return fmt.Sprintf("kind %d that makes no sense", record[0])
}

func told(f *fields, text string) string {
	if f.end() != nil {
		return text + " (damaged)"
	}
	return text
}

func describeSession(b []byte) string {
	var r sessionRecord
	if r.decode(b) != nil {
		return "session (damaged)"
	}
	var s strings.Builder
	fmt.Fprintf(&s, "session %d client=%q", r.no, r.id)
	switch {
	case r.survives:
		s.WriteString(" device")
	case r.connected:
		s.WriteString(" connected")
	}
	if r.expiry == neverExpires {
		s.WriteString(" expiry=never")
	} else {
		fmt.Fprintf(&s, " expiry=%ds", r.expiry)
	}
	if r.will != nil {
		fmt.Fprintf(&s, " will=%q", r.will.Topic)
	}
	for _, sub := range r.subs {
		fmt.Fprintf(&s, " sub=%q/%d", sub.filter, sub.options.QoS)
	}
	fmt.Fprintf(&s, " last=%d received=%d released=%d kept=%d", r.lastSeq, len(r.received), len(r.released), len(r.kept))
	return s.String()
}

// describeMessage tells no payload: it may be anybody's secret.
func describeMessage(b []byte) string {
	var r messageRecord
	if r.decode(b) != nil {
		return "message (damaged)"
	}
	var s strings.Builder
	fmt.Fprintf(&s, "message topic=%q qos=%d payload=%d", r.topic, r.qos, len(r.payload))
	if r.retain {
		fmt.Fprintf(&s, " retain by=%q", r.sender)
	}
	if r.expires != 0 {
		fmt.Fprintf(&s, " expires=%s", clockText(uint64(r.expires)))
	}
	if len(r.replay) > 0 {
		fmt.Fprintf(&s, " replayed_for=%q", r.replay)
	}
	if r.origin != 0 {
		fmt.Fprintf(&s, " moved_from=%v", r.origin)
	}
	if r.from != 0 {
		fmt.Fprintf(&s, " from=%d packet=%d", r.from, r.packetID)
	}
	const shown = 8
	for i, t := range r.targets {
		if i == shown {
			fmt.Fprintf(&s, " and %d more", len(r.targets)-shown)
			break
		}
		fmt.Fprintf(&s, " for=%d/%d", t.no, t.seq)
	}
	return s.String()
}

// clockText is a time on the store's clock: since the store was made.
func clockText(at uint64) string {
	if at == 0 {
		return "none"
	}
	return time.Duration(at).Round(time.Millisecond).String()
}
