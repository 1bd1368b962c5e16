package sidebyside

import (
	"encoding/binary"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"snbroker/mqttsn"
)

// both runs a benchmark against the bare program and against ours.
func both(b *testing.B, bareRole string, f func(b *testing.B, s *server, isBare bool)) {
	b.Run("bare", func(b *testing.B) { f(b, start(b, bareRole), true) })
	b.Run("snbroker", func(b *testing.B) { f(b, start(b, ""), false) })
}

// Sixteen devices, each publishing at QoS 1 with one message outstanding.
func BenchmarkQoS1In(b *testing.B) {
	both(b, "echo", func(b *testing.B, s *server, isBare bool) {
		const devices = 16
		m := encode(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: 1, MsgID: 1, Data: payload})
		var peers []*peer
		for i := range devices {
			peers = append(peers, device(b, s, isBare, fmt.Sprint("d", i), publisher("in")))
		}
		s.measure(b, func() {
			var all sync.WaitGroup
			for i, p := range peers {
				all.Add(1)
				go func() {
					defer all.Done()
					for j := i; j < b.N; j += devices {
						p.send(m)
						p.hear()
					}
				}()
			}
			all.Wait()
		})
	})
}

// Devices publish at QoS 0, a program on TCP receives; at most so many are on
// their way that nothing is lost.
func BenchmarkQoS0In(b *testing.B) {
	both(b, "relay", func(b *testing.B, s *server, isBare bool) {
		const window = 256
		to := program(b, s, isBare)
		p := device(b, s, isBare, "d", publisher("in"))
		m := encode(&mqttsn.Publish{TopicID: 1, Data: payload})
		size := len(m)
		if !isBare {
			size = 2 + 2 + len("in") + len(payload) // MQTT's PUBLISH
		}
		s.measure(b, func() {
			room := make(chan struct{}, window)
			done := make(chan struct{})
			go func() {
				defer close(done)
				receive(b, to, size, room)
			}()
			for range b.N {
				room <- struct{}{}
				p.send(m)
			}
			<-done
		})
	})
}

// receive reads b.N messages of a size and makes room for each.
func receive(b *testing.B, from net.Conn, size int, room chan struct{}) {
	buf := make([]byte, 64<<10)
	for got, octets := 0, 0; got < b.N; {
		n, err := from.Read(buf)
		if err != nil {
			b.Error(err)
			return
		}
		for octets += n; octets >= size; octets -= size {
			<-room
			got++
		}
	}
}

// One device publishes at QoS 0, a hundred receive; a message is one delivery.
func BenchmarkFanOut100(b *testing.B) {
	both(b, "fan", func(b *testing.B, s *server, isBare bool) {
		const devices, window = 100, 4
		room := make(chan struct{}, window*devices)
		for i := range devices {
			p := device(b, s, isBare, fmt.Sprint("d", i), subscriber("out"))
			go func() {
				for {
					if _, err := p.conn.Read(p.buf[:]); err != nil {
						return
					}
					<-room
				}
			}()
		}
		from := device(b, s, isBare, "publisher", publisher("out"))
		if isBare {
			from = dial(b, s.udp)
			from.send([]byte("hello")) // becomes the hundred and first; its share is not counted
			from.hear()
			go func() {
				for {
					if _, err := from.conn.Read(from.buf[:]); err != nil {
						return
					}
				}
			}()
		}
		m := encode(&mqttsn.Publish{TopicID: 1, Data: payload})
		s.measure(b, func() {
			for i := 0; i < b.N; i += devices {
				for range devices {
					room <- struct{}{}
				}
				from.send(m)
			}
			for len(room) > 0 {
				time.Sleep(time.Millisecond)
			}
		})
	})
}

// A device publishes 500 times a second, another receives.
func BenchmarkLatency(b *testing.B) {
	both(b, "pass", func(b *testing.B, s *server, isBare bool) {
		const rate = 500
		to := device(b, s, isBare, "receiver", subscriber("pass"))
		from := device(b, s, isBare, "publisher", publisher("pass"))
		data := slices.Clone(payload)
		took := make([]time.Duration, 0, b.N)
		begun := time.Now()
		s.measure(b, func() {
			done := make(chan struct{})
			go func() {
				defer close(done)
				for range b.N {
					m := to.hear()
					sent := time.Duration(binary.BigEndian.Uint64(m[7:]))
					took = append(took, time.Since(begun)-sent)
				}
			}()
			next := time.Now()
			for range b.N {
				time.Sleep(time.Until(next))
				next = next.Add(time.Second / rate)
				binary.BigEndian.PutUint64(data, uint64(time.Since(begun)))
				from.send(encode(&mqttsn.Publish{TopicID: 1, Data: data}))
			}
			<-done
		})
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2])/1e3, "p50-µs")
		b.ReportMetric(float64(took[len(took)*99/100])/1e3, "p99-µs")
	})
}
