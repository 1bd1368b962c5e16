package broker

import (
	"reflect"
	"testing"
	"time"
)

func records() [][]byte {
	ids := []uint32{5, 300}
	session := sessionRecord{no: 7, connected: true, survives: true, id: []byte("client"), expiry: 60, lastSeq: 12, sent: 9,
		will: &Will{Topic: "will", Payload: []byte("gone"), Forward: []byte{1}, QoS: 1, Retain: true, Delay: time.Second}, who: []byte("me"),
		willAt: 5, endAt: 6, received: []uint16{1, 65535}, released: []uint32{3}, kept: []byte("kept"),
		subs:      []subscription{{"a/#", SubscribeOptions{QoS: 2, NoLocal: true, Identifier: 9}}, {"b", SubscribeOptions{RetainAsPublished: true, RetainHandling: 2}}},
		replaying: replaying{"b": {upTo: 4, queued: "b"}}}
	message := messageRecord{qos: 2, retain: true, from: 7, willOf: 8, instead: place{5, 6}, packetID: 3, expires: 99, origin: 1000, sender: []byte("client"), order: 8, replay: []byte("a/#"), topic: []byte("a/b"),
		forward: []byte{2}, payload: []byte("payload"), targets: []recordTarget{{no: 7, seq: 1, qos: 2}, {no: 3, seq: 1 << 31, qos: 1, retain: true, ids: &ids}}}
	clock := reading{clock: 1, wall: 2, uptime: 3, boot: []byte("boot"), lastNo: 4}
	return [][]byte{session.appendTo(nil), message.appendTo(nil), clock.appendTo(nil), appendNumbers(nil, recordDone, 1, 2), appendNumbers(nil, recordReleased, 1, 2)}
}

func TestRecordsRoundTrip(t *testing.T) {
	all := records()
	var s sessionRecord
	if err := s.decode(all[0][1:]); err != nil || string(s.appendTo(nil)) != string(all[0]) {
		t.Errorf("%v, session is %+v", err, s)
	}
	var m messageRecord
	if err := m.decode(all[1][1:]); err != nil || string(m.appendTo(nil)) != string(all[1]) {
		t.Errorf("%v, message is %+v", err, m)
	}
	if !reflect.DeepEqual(*m.targets[1].ids, []uint32{5, 300}) || m.targets[0].no != 7 || m.targets[1].no != 3 {
		t.Errorf("targets are %+v", m.targets)
	}
}

// No octets make the broker panic, or believe in more than there is; what it
// understands it writes again in the same way.
func FuzzRecord(f *testing.F) {
	for _, r := range records() {
		f.Add(r)
		f.Add(r[:len(r)/2])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		DescribeRecord(b)
		if len(b) == 0 {
			return
		}
		r := newRestorer(New(DefaultLimits()), nil, nil)
		if err := r.visit(1, b); err != nil {
			t.Fatal(err)
		}
		var s sessionRecord
		if recordKind(b[0]) == recordSession && s.decode(b[1:]) == nil {
			again := s.appendTo(nil)
			var s2 sessionRecord
			if err := s2.decode(again[1:]); err != nil || !reflect.DeepEqual(s, s2) {
				t.Fatalf("%+v\n%+v: %v", s, s2, err)
			}
		}
		var m messageRecord
		if recordKind(b[0]) == recordMessage && m.decode(b[1:]) == nil {
			again := m.appendTo(nil)
			var m2 messageRecord
			if err := m2.decode(again[1:]); err != nil || string(m2.appendTo(nil)) != string(again) {
				t.Fatalf("%+v\n%+v: %v", m, m2, err)
			}
		}
	})
}
