package framing

import "testing"

// Nothing is allocated for a frame, made or found.
func TestNoAllocations(t *testing.T) {
	for _, name := range Names() {
		p := pairOf(t, name, 0, false)
		m := publish(40)
		wrapped := p.wrapped(m)
		up := p.up(t, m)
		buf := make([]byte, 0, 256)
		find := func(d Decoder, octets []byte) (n int) {
			for {
				took, e := d.Next(octets)
				if octets = octets[took:]; e.Kind == None {
					return n
				}
				n++
			}
		}
		if n := testing.AllocsPerRun(100, func() {
			var err error
			if buf, err = p.gateway.Append(buf[:0], p.node, wrapped); err != nil {
				t.Fatal(err)
			}
			if find(p.gateway, up) != 1 {
				t.Fatal("not found")
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// BenchmarkFrames is a message of 40 octets there and back. A line of 115,200
// baud carries 11,520 octets a second.
func BenchmarkFrames(b *testing.B) {
	for _, name := range Names() {
		b.Run(name, func(b *testing.B) {
			p := pairOf(b, name, 0, false)
			m := p.wrapped(publish(40))
			up := p.up(b, publish(40))
			var buf []byte
			octets := 0
			b.ReportAllocs()
			for b.Loop() {
				buf, _ = p.gateway.Append(buf[:0], p.node, m)
				octets += len(buf) + len(up)
				for rest := up; ; {
					n, e := p.gateway.Next(rest)
					if rest = rest[n:]; e.Kind == None {
						break
					}
				}
			}
			b.ReportMetric(2*float64(b.N)/b.Elapsed().Seconds(), "frames/s")
			b.ReportMetric(float64(octets)/b.Elapsed().Seconds()/11520, "lines")
		})
	}
}
