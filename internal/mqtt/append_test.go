package mqtt

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"snbroker/internal/mqtt/mqtttest/octets"
)

// The hot path must write what AppendTo writes.
func TestAppendPublish(t *testing.T) {
	n := 0
	for _, c := range packets {
		p, ok := c.packet.(*Publish)
		if !ok {
			continue
		}
		n++
		h := PublishHeader{Dup: p.Dup, QoS: p.QoS, Retain: p.Retain, Topic: string(p.Topic), PacketID: p.PacketID, Properties: p.Properties}
		want := append([]byte("before"), octets.Read(t, c.bytes)...)
		if got := AppendPublish([]byte("before"), c.v, &h, p.Payload); !bytes.Equal(got, want) {
			t.Errorf("%s: %x, want %x", c.name, got, want)
		}
		head := AppendPublishHeader([]byte("before"), c.v, &h, len(p.Payload))
		if got := append(head, p.Payload...); !bytes.Equal(got, want) {
			t.Errorf("%s: header %x, want %x", c.name, got, want)
		}
		if got := PublishSize(c.v, &h, len(p.Payload)); got != len(want)-len("before") {
			t.Errorf("%s: size %d, want %d", c.name, got, len(want)-len("before"))
		}
	}
	if n < 10 {
		t.Errorf("only %d packets", n)
	}
}

// Sizes around each growth of the remaining length.
func TestAppendPublishSizes(t *testing.T) {
	for _, v := range []Version{V311, V5} {
		for _, size := range []int{0, 120, 121, 122, 123, 124, 125, 16377, 16378, 16379, 16380, 16381, 2097145, 2097149} {
			h := PublishHeader{Topic: "t", QoS: QoS1, PacketID: 1}
			payload := make([]byte, size)
			got := AppendPublish(nil, v, &h, payload)
			if total, err := PeekFrame(got, MaxRemainingLength); total != len(got) || err != nil || PublishSize(v, &h, size) != len(got) {
				t.Fatalf("%d bytes: %d, %v, want %d", size, total, err, len(got))
			}
			d := Decoder{Version: v}
			if p, err := d.Decode(got); err != nil || len(p.(*Publish).Payload) != size {
				t.Fatalf("%d bytes: %v", size, err)
			}
		}
	}
}

func TestAppendPublishTooLarge(t *testing.T) {
	b := []byte("before")
	long := PublishHeader{Topic: strings.Repeat("x", 65536)}
	if PublishSize(V5, &long, 0) != 0 || len(AppendPublish(b, V5, &long, nil)) != len(b) {
		t.Error("topic of 65536 bytes")
	}
	h := PublishHeader{Topic: "t"}
	if PublishSize(V311, &h, MaxRemainingLength-3) != MaxRemainingLength+5 {
		t.Error("largest packet")
	}
	if PublishSize(V5, &h, MaxRemainingLength-3) != 0 || len(AppendPublishHeader(b, V5, &h, MaxRemainingLength-3)) != len(b) {
		t.Error("one byte more than the largest packet")
	}
}

func TestAppendAck(t *testing.T) {
	for _, c := range packets {
		var p *Puback
		switch q := c.packet.(type) {
		case *Puback:
			p = q
		case *Pubrec:
			p = (*Puback)(q)
		case *Pubrel:
			p = (*Puback)(q)
		case *Pubcomp:
			p = (*Puback)(q)
		}
		if p == nil || !p.Properties.empty() {
			continue
		}
		if got := AppendAck(nil, c.v, c.packet.Type(), p.PacketID, p.ReasonCode); !bytes.Equal(got, octets.Read(t, c.bytes)) {
			t.Errorf("%s: %x, want %s", c.name, got, c.bytes)
		}
	}
	if got := AppendAck(nil, V311, TypePubrec, 1, ReasonQuotaExceeded); !bytes.Equal(got, []byte{0x50, 2, 0, 1}) {
		t.Errorf("reason before 5.0: %x", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("AppendAck of PUBLISH")
		}
	}()
	AppendAck(nil, V5, TypePublish, 1, 0)
}

// What a version cannot express is translated or left out.
func TestDowngrade(t *testing.T) {
	user := AppendUserProperty(nil, "k", "v")
	for _, c := range []struct {
		packet Packet
		want   string
	}{
		{&Connack{ReasonCode: ReasonServerBusy, Properties: ConnackProperties{User: user}}, "20 02 00 03"},
		{&Connack{ReasonCode: ReasonBanned, SessionPresent: true}, "20 02 00 05"},
		{&Publish{Topic: b("a"), Properties: PublishProperties{HasMessageExpiry: true, TopicAlias: 1, Forward: user}}, "30 03 0001'a'"},
		{&Puback{PacketID: 1, ReasonCode: ReasonNoMatchingSubscribers, Properties: AckProperties{User: user}}, "40 02 0001"},
		{&Suback{PacketID: 1, ReasonCodes: []ReasonCode{1, ReasonNotAuthorized, ReasonTopicFilterInvalid}}, "90 05 0001 018080"},
		{&Unsuback{PacketID: 1, ReasonCodes: []ReasonCode{0}}, "b0 02 0001"},
		{&Subscribe{PacketID: 1, Properties: SubscribeProperties{SubscriptionID: 1},
			Filters: []Filter{{TopicFilter: b("a"), QoS: QoS1, NoLocal: true, RetainAsPublished: true, RetainHandling: 2}}}, "82 06 0001 0001'a'01"},
		{&Disconnect{ReasonCode: ReasonServerMoved}, "e0 00"},
	} {
		if got, err := c.packet.AppendTo(nil, V311); err != nil || !bytes.Equal(got, octets.Read(t, c.want)) {
			t.Errorf("%v: %x, %v, want %s", c.packet.Type(), got, err, c.want)
		}
	}
}

func TestAppendFailures(t *testing.T) {
	long := make([]byte, 65536)
	huge := make([]byte, MaxRemainingLength)
	for i, c := range []struct {
		packet Packet
		v      Version
		want   error
	}{
		{&Auth{}, V311, ErrVersion},
		{&Auth{ReasonCode: ReasonReAuthenticate}, V5, ErrAuthMethod},
		{&Connect{ClientID: long}, V5, ErrTextTooLong},
		{&Connect{Will: &Will{Topic: b("w"), Payload: long}}, V311, ErrTextTooLong},
		{&Connect{Will: &Will{}}, V311, ErrTopicName},
		{&Connect{Will: &Will{Topic: b("w"), QoS: 3}}, V311, ErrWillQoS},
		{&Connect{HasPassword: true}, V311, ErrPasswordAlone},
		{&Connect{Properties: ConnectProperties{AuthMethod: long}}, V5, ErrTextTooLong},
		{&Connack{Properties: ConnackProperties{User: huge}}, V5, ErrPacketTooLarge},
		{&Publish{Topic: b("a"), QoS: 3}, V5, ErrPublishQoS},
		{&Publish{Topic: b("a"), Dup: true}, V5, ErrPublishDup},
		{&Publish{Topic: b("a"), QoS: 1}, V5, ErrPacketID},
		{&Publish{}, V5, ErrTopicEmpty},
		{&Publish{Properties: PublishProperties{TopicAlias: 1}}, V311, ErrTopicEmpty},
		{&Publish{Topic: long}, V5, ErrTextTooLong},
		{&Publish{Topic: b("a"), Payload: huge}, V5, ErrPacketTooLarge},
		{&Publish{Topic: b("a"), Properties: PublishProperties{SubscriptionIDs: []uint32{0}}}, V5, ErrPropertyRange},
		{&Publish{Topic: b("a"), Properties: PublishProperties{SubscriptionIDs: []uint32{1 << 28}}}, V5, ErrPropertyRange},
		{&Puback{}, V5, ErrPacketID},
		{&Pubrel{PacketID: 1, Properties: AckProperties{ReasonString: long}}, V5, ErrTextTooLong},
		{&Subscribe{PacketID: 1}, V5, ErrNoFilters},
		{&Subscribe{Filters: []Filter{{TopicFilter: b("a")}}}, V5, ErrPacketID},
		{&Subscribe{PacketID: 1, Filters: []Filter{{}}}, V5, ErrTopicFilter},
		{&Subscribe{PacketID: 1, Filters: []Filter{{TopicFilter: b("a"), QoS: 3}}}, V5, ErrSubscribeQoS},
		{&Subscribe{PacketID: 1, Filters: []Filter{{TopicFilter: b("a"), RetainHandling: 3}}}, V5, ErrRetainHandling},
		{&Subscribe{PacketID: 1, Properties: SubscribeProperties{SubscriptionID: 1 << 28}, Filters: []Filter{{TopicFilter: b("a")}}}, V5, ErrPropertyRange},
		{&Suback{PacketID: 1}, V5, ErrNoReasonCodes},
		{&Suback{ReasonCodes: []ReasonCode{0}}, V311, ErrPacketID},
		{&Unsubscribe{PacketID: 1}, V5, ErrNoFilters},
		{&Unsubscribe{PacketID: 1, Filters: [][]byte{{}}}, V5, ErrTopicFilter},
		{&Unsuback{PacketID: 1}, V5, ErrNoReasonCodes},
		{&Disconnect{Properties: DisconnectProperties{ReasonString: long}}, V5, ErrTextTooLong},
	} {
		got, err := c.packet.AppendTo([]byte("before"), c.v)
		if !errors.Is(err, c.want) || string(got) != "before" {
			t.Errorf("%d %v: %d bytes, %v; want %v", i, c.packet.Type(), len(got), err, c.want)
		}
	}
	for _, c := range packets {
		if c.packet.Type() == TypeConnect {
			continue // it has its own version
		}
		if _, err := c.packet.AppendTo(nil, 0); err != ErrVersion {
			t.Errorf("%v in version 0: %v", c.packet.Type(), err)
		}
	}
}
