package mqtt

import (
	"fmt"
	"strings"
	"testing"

	"snbroker/internal/mqtt/mqtttest/octets"
)

func BenchmarkDecode(b *testing.B) {
	payload := "'" + strings.Repeat("p", 64) + "'"
	for _, c := range []struct {
		name  string
		v     Version
		bytes string
	}{
		{"PublishQoS0/3.1.1", V311, "30 [ 0014'factory/line1/temp/1' " + payload + " ]"},
		{"PublishQoS1/3.1.1", V311, "32 [ 0014'factory/line1/temp/1' 0001 " + payload + " ]"},
		{"PublishQoS1/5.0", V5, "32 [ 0014'factory/line1/temp/1' 0001 [] " + payload + " ]"},
		{"PublishProperties/5.0", V5, "32 [ 0014'factory/line1/temp/1' 0001 [ 0200000e10 0101 030005'plain' 260001'k'0001'v' 260001'k'0001'v' ] 'p' ]"},
		{"PublishGathered/5.0", V5, "32 [ 0014'factory/line1/temp/1' 0001 [ 0101 0200000e10 030005'plain' 260001'k'0001'v' 260001'k'0001'v' ] 'p' ]"},
		{"Puback/3.1.1", V311, "40 [ 0001 ]"},
		{"Puback/5.0", V5, "40 [ 0001 10 ]"},
		{"Subscribe/5.0", V5, "82 [ 0001 [ 0b01 ] 0010'factory/+/temp/#' 01 0010'factory/+/hum0/#' 01 ]"},
		{"Pingreq/5.0", V5, "c0 00"},
		{"Connect/5.0", 0, "10 [ 0004'MQTT'05 c2 003c [ 1100000e10 210014 ] 0008'device01' 0004'user' 0004'pass' ]"},
	} {
		b.Run(c.name, func(b *testing.B) {
			frame := octets.Read(b, c.bytes)
			d := Decoder{Version: c.v, From: FromClient}
			b.ReportAllocs()
			b.SetBytes(int64(len(frame)))
			for b.Loop() {
				if c.v == 0 {
					d.Version = 0
				}
				if _, err := d.Decode(frame); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	payload := make([]byte, 64)
	room := make([]byte, 0, 4096)
	h := PublishHeader{QoS: QoS1, Topic: "factory/line1/temp/1", PacketID: 1}
	full := h
	full.Properties = PublishProperties{HasMessageExpiry: true, MessageExpiry: 10, TopicAlias: 1, SubscriptionIDs: []uint32{1, 200},
		Forward: AppendUserProperty(AppendPayloadFormat(nil, 1), "k", "v")}
	for _, c := range []struct {
		name string
		f    func()
	}{
		{"Publish/3.1.1", func() { AppendPublish(room, V311, &h, payload) }},
		{"Publish/5.0", func() { AppendPublish(room, V5, &h, payload) }},
		{"PublishProperties/5.0", func() { AppendPublish(room, V5, &full, payload) }},
		{"PublishHeader/5.0", func() { AppendPublishHeader(room, V5, &h, 1<<20) }},
		{"Ack/3.1.1", func() { AppendAck(room, V311, TypePuback, 1, ReasonSuccess) }},
		{"Ack/5.0", func() { AppendAck(room, V5, TypePuback, 1, ReasonNoMatchingSubscribers) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.f()
			}
		})
	}
}

func BenchmarkPeekFrame(b *testing.B) {
	frame := []byte{0x30, 0x80, 0x80, 0x01}
	b.ReportAllocs()
	for b.Loop() {
		if n, err := PeekFrame(frame, MaxRemainingLength); n == 0 || err != nil {
			b.Fatal(n, err)
		}
	}
}

func BenchmarkTopic(b *testing.B) {
	for _, s := range []string{"factory/line1/temp/1", "fabrik/straße7/temperatur/kühler", strings.Repeat("level/", 40)} {
		name := []byte(s)
		b.Run("Name", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(name)))
			for b.Loop() {
				ValidTopicName(name)
			}
		})
		b.Run("Filter", func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(name)))
			for b.Loop() {
				ValidTopicFilter(name)
			}
		})
	}
}

// What sharing a PUBLISH's encoded octets among subscribers would save over
// encoding it for each: both end in a copy into the subscriber's buffer.
func BenchmarkEncodeOrShare(b *testing.B) {
	buf := make([]byte, 0, 64<<10)
	for _, n := range []int{16, 64, 1024, 4000} {
		h := &PublishHeader{Topic: "site/7/line/3/sensor/temperature"}
		payload := make([]byte, n)
		encoded := AppendPublish(nil, V311, h, payload)
		room := func() []byte {
			if cap(buf)-len(buf) < len(encoded) {
				buf = buf[:0]
			}
			return buf
		}
		b.Run(fmt.Sprintf("encode/%d", n), func(b *testing.B) {
			for b.Loop() {
				buf = AppendPublish(room(), V311, h, payload)
			}
		})
		b.Run(fmt.Sprintf("share/%d", n), func(b *testing.B) {
			for b.Loop() {
				buf = append(room(), encoded...)
			}
		})
	}
}
