package mqttsn

import "testing"

func vectorsByID(b *testing.B) map[string]vector {
	m := make(map[string]vector)
	for _, v := range load(b, vectorFiles...) {
		m[v.id] = v
	}
	return m
}

var benched = []struct{ name, id string }{
	{"PUBLISH", "V23"},
	{"PUBLISH long", "V66"},
	{"CONNECT", "V06"},
	{"SUBSCRIBE", "V37"},
	{"PUBACK", "V31"},
	{"PINGREQ", "V50"},
}

func BenchmarkDecode(b *testing.B) {
	vs := vectorsByID(b)
	for _, c := range benched {
		b.Run(c.name, func(b *testing.B) {
			wire := vs[c.id].wire
			var d Decoder
			b.ReportAllocs()
			b.SetBytes(int64(len(wire)))
			for b.Loop() {
				if _, err := d.Decode(wire); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("rejected", func(b *testing.B) {
		wire := vs["M13"].wire
		var d Decoder
		b.ReportAllocs()
		for b.Loop() {
			if _, err := d.Decode(wire); err == nil {
				b.Fatal("decoded")
			}
		}
	})
}

func BenchmarkAppend(b *testing.B) {
	vs := vectorsByID(b)
	for _, c := range benched {
		b.Run(c.name, func(b *testing.B) {
			v := vs[c.id]
			m := parseStruct(b, v.rest[0]).(Message)
			buffer := make([]byte, 0, 1024)
			b.ReportAllocs()
			b.SetBytes(int64(len(v.wire)))
			for b.Loop() {
				if _, err := m.AppendBinary(buffer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncapsulated(b *testing.B) {
	wire := vectorsByID(b)["V61"].wire
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := DecodeEncapsulated(wire); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("append", func(b *testing.B) {
		buffer := make([]byte, 0, 64)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := AppendEncapsulation(buffer, 0, "node"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDescribe(b *testing.B) {
	wire := vectorsByID(b)["V25"].wire
	b.ReportAllocs()
	for b.Loop() {
		Describe(wire)
	}
}
