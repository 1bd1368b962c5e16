package sidebyside

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"snbroker/internal/mqtt"
)

// A publisher at QoS 1, fifty messages outstanding, for a thousand sessions that
// nobody is attached to; then all of them come, sixteen at a time, and take what
// waits. Mosquitto acknowledges before the disk; ours after it, as it does by
// default. A message is one publish: "publishes/s" is the first half alone,
// "deliveries/s" both.
func BenchmarkOffline1000(b *testing.B) {
	rivals(b, func(b *testing.B, s *server) {
		const sessions, each = 1000, 200 // Mosquitto queues no more than 1000 by default
		var publishing, all time.Duration
		published, delivered := 0, 0
		from := client(b, s, "from", "")
		for round := 0; published < b.N; round++ {
			names := make([]string, sessions)
			for i := range names {
				names[i] = fmt.Sprintf("offline-%d-%d", round, i)
				leave(b, s, names[i], fmt.Sprint("offline/", round))
			}
			out := burst(fmt.Sprint("offline/", round), mqtt.QoS1, burstSize)
			began := time.Now()
			for range each / burstSize {
				if _, err := from.Write(out); err != nil {
					b.Fatal(err)
				}
				swallow(b, from, 4*burstSize) // PUBACKs
			}
			publishing += time.Since(began)
			published += each
			var done sync.WaitGroup
			for worker := range 16 {
				done.Go(func() {
					for i := worker; i < sessions; i += 16 {
						drain(b, s, names[i], each)
					}
				})
			}
			done.Wait()
			all += time.Since(began)
			delivered += sessions * each
		}
		b.ReportMetric(float64(published)/publishing.Seconds(), "publishes/s")
		b.ReportMetric(float64(delivered)/all.Seconds(), "deliveries/s")
	})
}

// lasting connects to a session that outlives the connection.
func lasting(b *testing.B, s *server, id string) (net.Conn, *bufio.Reader) {
	nc, err := net.Dial("tcp", s.tcp)
	if err != nil {
		b.Fatal(err)
	}
	out, _ := (&mqtt.Connect{Version: mqtt.V311, ClientID: []byte(id)}).AppendTo(nil, mqtt.V311)
	if _, err := nc.Write(out); err != nil {
		b.Fatal(err)
	}
	r := bufio.NewReaderSize(nc, 64<<10)
	if _, err := r.Discard(4); err != nil {
		b.Fatal(err)
	}
	return nc, r
}

// leave makes a session with a subscription, and leaves it.
func leave(b *testing.B, s *server, id, filter string) {
	nc, r := lasting(b, s, id)
	defer nc.Close()
	out, _ := (&mqtt.Subscribe{PacketID: 1, Filters: []mqtt.Filter{{TopicFilter: []byte(filter), QoS: 1}}}).AppendTo(nil, mqtt.V311)
	out, _ = (&mqtt.Disconnect{}).AppendTo(out, mqtt.V311)
	if _, err := nc.Write(out); err != nil {
		b.Fatal(err)
	}
	if _, err := r.Discard(5); err != nil {
		b.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, r) // until the server has noticed
}

// drain takes n messages, acknowledges each, and leaves.
func drain(b *testing.B, s *server, id string, n int) {
	nc, r := lasting(b, s, id)
	defer nc.Close()
	d := mqtt.Decoder{Version: mqtt.V311, From: mqtt.FromServer}
	var acks []byte
	for n > 0 {
		head, err := r.Peek(2)
		if err != nil {
			b.Error(err)
			return
		}
		frame := make([]byte, 2+int(head[1])) // all are short
		if _, err := io.ReadFull(r, frame); err != nil {
			b.Error(err)
			return
		}
		p, err := d.Decode(frame)
		if err != nil {
			b.Error(err)
			return
		}
		if p, ok := p.(*mqtt.Publish); ok {
			n--
			acks = mqtt.AppendAck(acks, mqtt.V311, mqtt.TypePuback, p.PacketID, 0)
		}
		if n == 0 || r.Buffered() == 0 {
			if _, err := nc.Write(acks); err != nil {
				b.Error(err)
			}
			acks = acks[:0]
		}
	}
	out, _ := (&mqtt.Disconnect{}).AppendTo(nil, mqtt.V311)
	_, _ = nc.Write(out)
}
