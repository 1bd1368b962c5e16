package serial

import (
	"testing"

	"snbroker/transport"
	"snbroker/transport/serial/framing"
)

// sink counts messages, and tells when there were enough.
type sink struct {
	want, got int
	full      chan struct{}
}

func (s *sink) Receive(_ transport.Link, batch []transport.Datagram) {
	if s.got += len(batch); s.got >= s.want {
		s.got -= s.want
		s.full <- struct{}{}
	}
}

// BenchmarkLine is frames with messages of 40 octets over a pseudo-terminal, in
// or out. A terminal has no rate: "lines" is how many lines of 115,200 baud, with
// 11,520 octets a second each, one link could serve.
func BenchmarkLine(b *testing.B) {
	message := append([]byte{40, 0x0C, 0x20, 0, 1, 0, 1}, make([]byte, 33)...)
	for _, name := range []string{"hdlc", "raw", "cobs", "xbee"} {
		frame := frameOf(b, name, message)
		report := func(b *testing.B) {
			b.StopTimer()
			perSecond := float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(perSecond, "frames/s")
			b.ReportMetric(perSecond*float64(len(frame))/11520, "lines")
		}
		const window = 16
		b.Run(name+"/in", func(b *testing.B) {
			far, path := pty(b)
			l := opened(b, onDevice(name, path))
			s := &sink{want: window, full: make(chan struct{}, 1)}
			done := make(chan error)
			go func() { done <- l.Serve(s) }()
			var burst []byte
			for range window {
				burst = append(burst, frame...)
			}
			b.ReportAllocs()
			for n := 0; n < b.N; n += window {
				if _, err := far.Write(burst); err != nil {
					b.Fatal(err)
				}
				<-s.full
			}
			report(b)
			l.Close()
			<-done
		})
		b.Run(name+"/out", func(b *testing.B) {
			far, path := pty(b)
			l := opened(b, onDevice(name, path))
			f, err := framing.New(name, framing.Options{Device: true, Address: []byte(own(name, 1))})
			if err != nil {
				b.Fatal(err)
			}
			to := transport.Addr{Node: own(name, 1)}
			buf := make([]byte, 4096)
			b.ReportAllocs()
			for n := 0; n < b.N; n += window {
				for range window {
					l.Send(to, 0, message)
				}
				l.Flush()
				for got := 0; got < window; {
					m, err := far.Read(buf)
					if err != nil {
						b.Fatal(err)
					}
					for rest := buf[:m]; ; {
						took, e := f.Next(rest)
						if rest = rest[took:]; e.Kind == framing.None {
							break
						}
						got++
					}
				}
			}
			report(b)
		})
	}
}
