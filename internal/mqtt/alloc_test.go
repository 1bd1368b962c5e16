package mqtt

import (
	"bytes"
	"strings"
	"testing"
	"unsafe"

	"snbroker/internal/mqtt/mqtttest/octets"
)

func TestDecodeDoesNotAllocate(t *testing.T) {
	frames := []struct {
		name  string
		v     Version
		bytes string
	}{}
	for _, c := range packets {
		switch c.packet.Type() {
		case TypeConnect, TypeConnack, TypeDisconnect, TypeAuth:
			// once in the life of a connection
		default:
			frames = append(frames, struct {
				name  string
				v     Version
				bytes string
			}{c.name, c.v, c.bytes})
		}
	}
	for _, c := range accepted {
		if strings.Contains(c.name, "gathered") {
			frames = append(frames, struct {
				name  string
				v     Version
				bytes string
			}{c.name, c.v, c.bytes})
		}
	}
	for _, c := range frames {
		frame := octets.Read(t, c.bytes)
		d := Decoder{Version: c.v}
		if n := testing.AllocsPerRun(100, func() {
			if _, err := d.Decode(frame); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s %v: %v allocations", c.name, c.v, n)
		}
	}
}

// A hostile peer must not be able to make its refusal expensive.
func TestRejectDoesNotAllocate(t *testing.T) {
	for _, c := range readRejections(t) {
		if len(c.bytes) > 0 {
			switch PacketType(c.bytes[0] >> 4) {
			case TypeConnect, TypeConnack, TypeDisconnect, TypeAuth:
				continue
			}
		}
		d := Decoder{Version: c.version, From: c.from}
		if n := testing.AllocsPerRun(10, func() { d.Decode(c.bytes) }); n != 0 {
			t.Errorf("line %d: %v allocations", c.line, n)
		}
	}
}

func TestAppendDoesNotAllocate(t *testing.T) {
	room := make([]byte, 0, 4096)
	for _, c := range packets {
		if n := testing.AllocsPerRun(100, func() {
			if _, err := c.packet.AppendTo(room, c.v); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s %v: %v allocations", c.name, c.v, n)
		}
	}
	h := PublishHeader{QoS: QoS1, Topic: "a/b/c", PacketID: 1, Properties: PublishProperties{
		HasMessageExpiry: true, SubscriptionIDs: []uint32{1}, Forward: AppendUserProperty(nil, "k", "v")}}
	payload := make([]byte, 100)
	exact := make([]byte, 0, PublishSize(V5, &h, len(payload)))
	ack := make([]byte, 0, 5)
	if n := testing.AllocsPerRun(100, func() {
		AppendPublish(exact, V5, &h, payload)
		AppendPublishHeader(exact, V5, &h, len(payload))
		AppendAck(ack, V5, TypePubrec, 1, ReasonQuotaExceeded)
	}); n != 0 {
		t.Errorf("hot path: %v allocations", n)
	}
}

func TestHelpersDoNotAllocate(t *testing.T) {
	frame := octets.Read(t, "30 [ 0001'a' ]")
	filter := []byte("$share/a-rather-long-group-name-here/a/rather/long/filter/+/#")
	name := "a/rather/long/topic/name/with/ümläuten/that/does/not/fit/32/bytes"
	block := AppendUserProperty(AppendUserProperty(nil, "k", "v"), "k", "v")
	if n := testing.AllocsPerRun(100, func() {
		PeekFrame(frame, 100)
		ValidTopicName(name)
		ValidTopicFilter(filter)
		SplitShared(filter)
		SplitShared(name)
		ValidForward(block)
		ParseForward(block)
		for range UserProperties(block) {
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Every idle connection has a Decoder.
func TestDecoderSize(t *testing.T) {
	if n := unsafe.Sizeof(Decoder{}); n > 704 {
		t.Errorf("Decoder takes %d bytes", n)
	} else {
		t.Logf("Decoder takes %d bytes", n)
	}
}

// One large packet must not leave its memory behind.
func TestDecoderLetsGo(t *testing.T) {
	d := Decoder{Version: V5}
	s := Subscribe{PacketID: 1}
	for range 2 * keepElements {
		s.Filters = append(s.Filters, Filter{TopicFilter: b("a")})
	}
	frame, err := s.AppendTo(nil, V5)
	if err != nil {
		t.Fatal(err)
	}
	if p, err := d.Decode(frame); err != nil || len(p.(*Subscribe).Filters) != 2*keepElements {
		t.Fatal(err)
	}
	if _, err := d.Decode(octets.Read(t, "82 [ 0001 [] 0001'a'00 ]")); err != nil || cap(d.subscribe.Filters) > keepElements {
		t.Errorf("%d filters kept", cap(d.subscribe.Filters))
	}

	user := AppendUserProperty(nil, "k", string(bytes.Repeat([]byte{'v'}, 2*keepBytes)))
	block := append(append(bytes.Clone(user), byte(propTopicAlias), 0, 1), user...)
	body := append([]byte{0, 1, 'a'}, append(appendVarint(nil, len(block)), block...)...)
	frame = append(appendVarint([]byte{0x30}, len(body)), body...)
	if _, err := d.Decode(frame); err != nil || cap(d.scratch) < 2*len(user) {
		t.Fatal(err, cap(d.scratch))
	}
	if _, err := d.Decode(octets.Read(t, "30 [ 0001'a' [] ]")); err != nil || cap(d.scratch) > keepBytes {
		t.Errorf("%d bytes kept", cap(d.scratch))
	}
}
