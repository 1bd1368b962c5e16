package listener

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"snbroker/internal/mqtt"
)

// Four publishers, one subscriber, QoS 0, over loopback.
func BenchmarkFanIn(b *testing.B) { benchmarkLoopback(b, 4, 1) }

// One publisher, twenty subscribers: an operation is one delivery.
func BenchmarkFanOut(b *testing.B) { benchmarkLoopback(b, 1, 20) }

func benchmarkLoopback(b *testing.B, publishers, subscribers int) {
	w := overTCP(b, func(s *settings) { s.MaxQueued, s.MaxQueuedBytes = 1<<30, 1<<40 })
	const batch, size = 32, 64
	one, err := pub("bench/topic", string(make([]byte, size)), 0, 0).AppendTo(nil, mqtt.V311)
	must(b, err)
	var many []byte
	for range batch {
		many = append(many, one...)
	}
	rounds := b.N/(batch*publishers*subscribers) + 1
	total := rounds * batch * publishers
	ended := make(chan error, subscribers)
	for i := range subscribers {
		c := w.connect(mqtt.V311, fmt.Sprint("s", i))
		c.Subscribe(filter("bench/+", 0))
		go func() {
			_, err := io.CopyN(io.Discard, c.Conn, int64(total*len(one)))
			ended <- err
		}()
	}
	conns := make([]net.Conn, publishers)
	for i := range conns {
		conns[i] = w.connect(mqtt.V311, fmt.Sprint("p", i)).Conn
	}
	b.SetBytes(int64(len(one)))
	b.ReportAllocs()
	b.ResetTimer()
	for _, nc := range conns {
		go func() {
			for range rounds {
				if _, err := nc.Write(many); err != nil {
					return
				}
			}
		}()
	}
	for range subscribers {
		must(b, <-ended)
	}
	b.StopTimer()
}

// QoS 1 there and back: the time of one PUBLISH and its PUBACK.
func BenchmarkPubackLatency(b *testing.B) {
	w := overTCP(b, nil)
	c := w.connect(mqtt.V311, "c")
	c.SetDeadline(time.Time{})
	m, err := pub("bench/topic", "payload", 1, 1).AppendTo(nil, mqtt.V311)
	must(b, err)
	ack := make([]byte, 4)
	b.ReportAllocs()
	for b.Loop() {
		c.Write(m)
		_, err := io.ReadFull(c.Conn, ack)
		must(b, err)
	}
}

// What an idle client costs on the server's side: heap and stacks.
func BenchmarkIdleConnection(b *testing.B) {
	const clients = 2000
	for b.Loop() {
		b.StopTimer()
		w := overTCP(b, nil)
		conns := make([]net.Conn, 0, clients)
		hello, err := (&mqtt.Connect{Version: mqtt.V311, CleanStart: true}).AppendTo(nil, mqtt.V311)
		must(b, err)
		before := inUse()
		b.StartTimer()
		for range clients {
			nc, err := w.open()
			must(b, err)
			_, err = nc.Write(hello)
			must(b, err)
			_, err = io.ReadFull(nc, make([]byte, 4))
			must(b, err)
			conns = append(conns, nc)
		}
		b.StopTimer()
		bytes := float64(inUse()-before) / clients
		// The client's socket is in the same process: its net.Conn counts.
		b.ReportMetric(bytes, "B/connection")
		for _, nc := range conns {
			nc.Close()
		}
		w.shut()
		b.StartTimer()
	}
}

// inUse is the heap and the stacks after garbage has gone.
func inUse() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what was pooled goes with the second
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}
