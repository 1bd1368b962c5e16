package mqtt

import (
	"bytes"
	"errors"
	"testing"

	"snbroker/internal/mqtt/mqtttest/octets"
)

func seed(f *testing.F, v Version) {
	for _, c := range packets {
		if c.v == v {
			f.Add(octets.Read(f, c.bytes))
		}
	}
	for _, c := range accepted {
		if c.v == v {
			f.Add(octets.Read(f, c.bytes))
		}
	}
	for _, c := range readRejections(f) {
		if c.version == v || c.version == 0 {
			f.Add(c.bytes)
		}
	}
}

func FuzzPacket31(f *testing.F)  { fuzzPacket(f, V31) }
func FuzzPacket311(f *testing.F) { fuzzPacket(f, V311) }
func FuzzPacket5(f *testing.F)   { fuzzPacket(f, V5) }

// fuzzPacket decodes, appends, decodes again and compares.
func fuzzPacket(f *testing.F, v Version) {
	seed(f, v)
	f.Fuzz(func(t *testing.T, frame []byte) {
		before := bytes.Clone(frame)
		d := Decoder{Version: v}
		p, err := d.Decode(frame)
		if !bytes.Equal(frame, before) {
			t.Fatal("Decode wrote into the frame")
		}
		Describe(frame, v)
		total, peekErr := PeekFrame(frame, MaxRemainingLength)
		if err != nil {
			var e *Error
			if p != nil || !errors.As(err, &e) {
				t.Fatalf("%v beside %v", p, err)
			}
			for _, from := range []Origin{FromClient, FromServer} {
				if q, err := (&Decoder{Version: v, From: from}).Decode(frame); err == nil {
					t.Fatalf("%v from one end, but not from either", q.Type())
				}
			}
			return
		}
		if peekErr != nil || total != len(frame) {
			t.Fatalf("PeekFrame: %d, %v", total, peekErr)
		}

		first, err := p.AppendTo(nil, d.Version)
		if err != nil {
			t.Fatalf("%+v: %v", p, err)
		}
		if len(first) > len(frame) {
			t.Fatalf("%x grew to %x", frame, first)
		}
		d2 := Decoder{Version: v}
		q, err := d2.Decode(first)
		if err != nil {
			t.Fatalf("%x, from %x: %v", first, frame, err)
		}
		if d2.Version != d.Version || !equal(p, q) {
			t.Fatalf("%+v became %+v", p, q)
		}
		second, err := q.AppendTo(nil, d.Version)
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%x became %x, %v", first, second, err)
		}
		if pub, ok := p.(*Publish); ok {
			if !ValidForward(pub.Properties.Forward) {
				t.Fatalf("Forward %x", pub.Properties.Forward)
			}
			h := PublishHeader{pub.Dup, pub.QoS, pub.Retain, string(pub.Topic), pub.PacketID, pub.Properties}
			if hot := AppendPublish(nil, d.Version, &h, pub.Payload); !bytes.Equal(hot, first) {
				t.Fatalf("AppendPublish %x, AppendTo %x", hot, first)
			}
		}
	})
}

// FuzzStream feeds one Decoder a whole connection, as a server does, so that
// what one packet leaves behind meets the next.
func FuzzStream(f *testing.F) {
	var v3, v5 []byte
	for _, c := range packets {
		switch {
		case c.v == V311 && c.packet.Type() != TypeConnect:
			v3 = append(v3, octets.Read(f, c.bytes)...)
		case c.v == V5 && c.packet.Type() != TypeConnect:
			v5 = append(v5, octets.Read(f, c.bytes)...)
		}
	}
	f.Add(append(octets.Read(f, "10 [ 0004'MQTT'04 02 0000 0000 ]"), v3...))
	f.Add(append(octets.Read(f, "10 [ 0004'MQTT'05 02 0000 [] 0000 ]"), v5...))
	f.Fuzz(func(t *testing.T, stream []byte) {
		var reused Decoder
		for len(stream) > 0 {
			total, err := PeekFrame(stream, 1<<16)
			if err != nil || total == 0 || total > len(stream) {
				return
			}
			frame := stream[:total]
			stream = stream[total:]

			fresh := Decoder{Version: reused.Version}
			p, err := reused.Decode(frame)
			q, freshErr := fresh.Decode(frame)
			if err != freshErr {
				t.Fatalf("%x: %v, from a fresh decoder %v", frame, err, freshErr)
			}
			if err == nil && !equal(p, q) {
				t.Fatalf("%x: %+v, from a fresh decoder %+v", frame, p, q)
			}
		}
	})
}

func FuzzPeekFrame(f *testing.F) {
	for _, s := range []string{"", "c000", "30ff7f", "30ffffff7f", "30ffffffff7f", "308000"} {
		f.Add(octets.Read(f, s), 1<<16)
	}
	f.Fuzz(func(t *testing.T, b []byte, limit int) {
		total, err := PeekFrame(b, limit)
		switch {
		case err != nil && total != 0:
			t.Fatalf("%d beside %v", total, err)
		case total != 0 && (total < 2 || total-1 > limit+4):
			t.Fatalf("%d over the limit of %d", total, limit)
		case err == nil && total == 0 && len(b) >= 5:
			t.Fatal("five bytes must be enough")
		}
		// More bytes must not change an answer.
		more, moreErr := PeekFrame(append(bytes.Clone(b), 0), limit)
		if (total != 0 || err != nil) && (more != total || moreErr != err) {
			t.Fatalf("%d, %v, then %d, %v", total, err, more, moreErr)
		}
	})
}

func FuzzTopic(f *testing.F) {
	for _, s := range []string{"", "a/b", "#", "+/+", "$share/g/#", "$share//a", "a\x00", "\xed\xa0\x80", "grüße/温度/😀"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { compareTopics(t, s) })
}

func FuzzForward(f *testing.F) {
	f.Add(AppendUserProperty(AppendContentType(AppendPayloadFormat(nil, 1), "t"), "k", "v"))
	f.Add(AppendCorrelationData(AppendResponseTopic(nil, "r"), "c"))
	f.Fuzz(func(t *testing.T, block []byte) {
		p := ParseForward(block)
		var users []byte
		for name, value := range UserProperties(block) {
			users = AppendUserProperty(users, name, value)
		}
		if !ValidForward(block) {
			return
		}
		again := append(p.Append(nil), users...)
		if !ValidForward(again) || len(again) != len(block) {
			t.Fatalf("%x became %x", block, again)
		}
	})
}
