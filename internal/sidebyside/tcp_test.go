package sidebyside

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"snbroker/internal/mqtt"
)

// mosquitto is what most would use instead, in memory and with room in its
// queues, so that it drops nothing; without set_tcp_nodelay it waits 40 ms at the
// end of each burst.
func mosquitto(b *testing.B) *server {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	address := l.Addr().(*net.TCPAddr)
	l.Close()
	config := filepath.Join(b.TempDir(), "mosquitto.conf")
	text := fmt.Sprintf("listener %d 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 0\nmax_inflight_messages 100\nset_tcp_nodelay true\n", address.Port)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		b.Fatal(err)
	}
	cmd := exec.Command("mosquitto", "-c", config)
	if err := cmd.Start(); err != nil {
		b.Fatalf("%v: Debian's mosquitto is what this is measured against", err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if nc, err := net.Dial("tcp", address.String()); err == nil {
			nc.Close()
			return &server{tcp: address.String(), pid: cmd.Process.Pid}
		}
	}
	b.Fatal("mosquitto does not listen")
	return nil
}

// rivals runs a benchmark against mosquitto and against ours.
func rivals(b *testing.B, f func(b *testing.B, s *server)) {
	b.Run("mosquitto", func(b *testing.B) { f(b, mosquitto(b)) })
	b.Run("snbroker", func(b *testing.B) { f(b, start(b, "")) })
}

// client connects by TCP, and subscribes if a filter is given.
func client(b *testing.B, s *server, id, filter string) net.Conn {
	b.Helper()
	nc, err := net.Dial("tcp", s.tcp)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { nc.Close() })
	out, _ := (&mqtt.Connect{Version: mqtt.V311, CleanStart: true, ClientID: []byte(id)}).AppendTo(nil, mqtt.V311)
	answer := make([]byte, 4) // CONNACK
	if filter != "" {
		out, _ = (&mqtt.Subscribe{PacketID: 1, Filters: []mqtt.Filter{{TopicFilter: []byte(filter)}}}).AppendTo(out, mqtt.V311)
		answer = make([]byte, 9) // and SUBACK
	}
	if _, err := nc.Write(out); err != nil {
		b.Fatal(err)
	}
	if _, err := io.ReadFull(nc, answer); err != nil {
		b.Fatal(err)
	}
	return nc
}

// burst is so many PUBLISH packets at once.
func burst(topic string, qos mqtt.QoS, n int) []byte {
	var out []byte
	for i := range n {
		out = mqtt.AppendPublish(out, mqtt.V311, &mqtt.PublishHeader{QoS: qos, Topic: topic, PacketID: uint16(i + 1)}, payload)
	}
	return out
}

const burstSize = 50

// swallow reads n octets.
func swallow(b *testing.B, from net.Conn, n int) {
	if _, err := io.CopyN(io.Discard, from, int64(n)); err != nil {
		b.Error(err)
	}
}

// Sixteen pairs of a publisher and a subscriber at QoS 0; a publisher sends its
// next burst when the last has arrived.
func BenchmarkTCPPairsQoS0(b *testing.B) {
	rivals(b, func(b *testing.B, s *server) {
		const pairs = 16
		type pair struct{ from, to net.Conn }
		var all []pair
		for i := range pairs {
			topic := fmt.Sprintf("pair/%02d", i)
			to := client(b, s, "to-"+topic, topic)
			all = append(all, pair{client(b, s, "from-"+topic, ""), to})
		}
		s.measure(b, func() {
			var done sync.WaitGroup
			for i, p := range all {
				done.Go(func() {
					out := burst(fmt.Sprintf("pair/%02d", i), mqtt.QoS0, burstSize)
					for sent := i * burstSize; sent < b.N; sent += pairs * burstSize {
						if _, err := p.from.Write(out); err != nil {
							b.Error(err)
							return
						}
						swallow(b, p.to, len(out))
					}
				})
			}
			done.Wait()
		})
	})
}

// Sixteen publishers at QoS 1, fifty messages outstanding each; one subscriber at
// QoS 0.
func BenchmarkTCPFanInQoS1(b *testing.B) {
	rivals(b, func(b *testing.B, s *server) {
		const publishers = 16
		to := client(b, s, "to", "in")
		go func() { _, _ = io.Copy(io.Discard, to) }()
		var from []net.Conn
		for i := range publishers {
			from = append(from, client(b, s, fmt.Sprint("from-", i), ""))
		}
		s.measure(b, func() {
			var done sync.WaitGroup
			for i, p := range from {
				done.Go(func() {
					out := burst("in", mqtt.QoS1, burstSize)
					for sent := i * burstSize; sent < b.N; sent += publishers * burstSize {
						if _, err := p.Write(out); err != nil {
							b.Error(err)
							return
						}
						swallow(b, p, 4*burstSize) // PUBACKs
					}
				})
			}
			done.Wait()
		})
	})
}

// One publisher, a hundred subscribers, QoS 0; a message is one delivery.
func BenchmarkTCPFanOut100(b *testing.B) {
	rivals(b, func(b *testing.B, s *server) {
		const subscribers = 100
		var to []net.Conn
		for i := range subscribers {
			to = append(to, client(b, s, fmt.Sprint("to-", i), "out"))
		}
		from := client(b, s, "from", "")
		out := burst("out", mqtt.QoS0, burstSize)
		s.measure(b, func() {
			for sent := 0; sent < b.N; sent += subscribers * burstSize {
				if _, err := from.Write(out); err != nil {
					b.Fatal(err)
				}
				var done sync.WaitGroup
				for _, nc := range to {
					done.Go(func() { swallow(b, nc, len(out)) })
				}
				done.Wait()
			}
		})
	})
}
