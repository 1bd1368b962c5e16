package gateway

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"runtime"
	"testing"

	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
	"snbroker/transport"
)

// sink is a link that takes what it is sent and counts it.
type sink struct{ sent int }

func (s *sink) Serve(transport.Receiver) error      { return nil }
func (s *sink) Send(transport.Addr, uint16, []byte) { s.sent++ }
func (s *sink) Flush()                              {}
func (s *sink) MTU() int                            { return 65507 }
func (s *sink) Name() string                        { return "sink" }
func (s *sink) Stats() transport.Stats              { return transport.Stats{} }
func (s *sink) Close() error                        { return nil }

// quiet is a gateway without network, for what it costs by itself.
func quiet() (*Gateway, *broker.Broker, receiver, *sink) {
	cfg := DefaultConfig()
	cfg.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	cfg.MaxAmplification = 0 // nobody here proves an address
	b := broker.New(broker.DefaultLimits())
	g := New(cfg, NewEmbedded(b))
	out := new(sink)
	return g, b, receiver{g, &link{Link: out, options: LinkOptions{Anonymous: true, QoSMinusOne: true}, maxMessage: out.MTU()}}, out
}

func address(i int) transport.Addr {
	return transport.Addr{IP: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 4000)}
}

func encode(m mqttsn.Message) []byte {
	b, err := m.AppendBinary(nil)
	if err != nil {
		panic(err)
	}
	return b
}

// takesAll is a regular client that pulls at once whatever comes.
type takesAll struct {
	broker *broker.Broker
	conn   *broker.Conn
	turn   broker.Turn
	got    int
	buf    [64]broker.Delivery
}

func (c *takesAll) Ready() {
	for {
		got := c.conn.Pull(c.buf[:0], &c.turn)
		c.got += len(got)
		if len(got) < len(c.buf) {
			c.broker.End(&c.turn)
			return
		}
	}
}
func (c *takesAll) Closed(mqtt.ReasonCode) {}

func attach(b *broker.Broker, filter string) *takesAll {
	c := &takesAll{broker: b}
	var turn broker.Turn
	c.conn, _, _ = b.Connect(broker.ConnectOptions{ClientID: "program", CleanStart: true}, c, &turn)
	c.conn.Subscribe(filter, broker.SubscribeOptions{})
	b.End(&turn)
	c.Ready()
	return c
}

// A device's PUBLISH at QoS 0 through codec, session and core to one regular
// client: the payload's one copy is the only allocation.
func BenchmarkPublishQoS0(b *testing.B) { benchmarkPublish(b, mqttsn.QoS0) }
func BenchmarkPublishQoS1(b *testing.B) { benchmarkPublish(b, mqttsn.QoS1) }

func benchmarkPublish(b *testing.B, qos mqttsn.QoS) {
	_, br, in, _ := quiet()
	c := attach(br, "a/b")
	batch := []transport.Datagram{{From: address(1), Data: encode(&mqttsn.Connect{ProtocolID: 1, ClientID: []byte("c1")})}}
	in.Receive(nil, batch)
	batch[0].Data = encode(&mqttsn.Register{MsgID: 1, TopicName: []byte("a/b")})
	in.Receive(nil, batch)
	m := encode(&mqttsn.Publish{QoS: qos, TopicID: 1, MsgID: 7, Data: make([]byte, 64)})
	batch = batch[:0]
	for range 32 {
		batch = append(batch, transport.Datagram{From: address(1), Data: m})
	}
	in.Receive(nil, batch)
	c.got = 0
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i += len(batch) {
		in.Receive(nil, batch)
	}
	if c.got < b.N {
		b.Fatalf("%d of %d messages arrived", c.got, b.N)
	}
}

func TestPublishAllocatesThePayloadAlone(t *testing.T) {
	r := testing.Benchmark(BenchmarkPublishQoS0)
	if r.N == 0 || r.AllocsPerOp() > 1 {
		t.Errorf("%d allocations a message, want 1", r.AllocsPerOp())
	}
}

// One publisher, a hundred devices.
func BenchmarkFanOut100(b *testing.B) {
	_, _, in, out := quiet()
	var batch []transport.Datagram
	for i := range 100 {
		batch = append(batch, transport.Datagram{From: address(i), Data: encode(&mqttsn.Connect{ProtocolID: 1, ClientID: fmt.Appendf(nil, "c%d", i)})},
			transport.Datagram{From: address(i), Data: encode(&mqttsn.Subscribe{MsgID: 1, TopicName: []byte("a/b")})})
	}
	batch = append(batch, transport.Datagram{From: address(0), Data: encode(&mqttsn.Register{MsgID: 1, TopicName: []byte("a/b")})})
	in.Receive(nil, batch)
	batch = []transport.Datagram{{From: address(0), Data: encode(&mqttsn.Publish{TopicID: 1, Data: make([]byte, 64)})}}
	out.sent = 0
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i += 100 {
		in.Receive(nil, batch)
	}
	if out.sent < b.N {
		b.Fatalf("%d of %d deliveries were sent", out.sent, b.N)
	}
}

// What a connected device with one subscription and one registered topic of
// its own keeps on the heap, in the whole program.
func BenchmarkMemoryPerDevice(b *testing.B) {
	const devices = 100_000
	for b.Loop() {
		bytes, routines := deviceMemory(devices)
		b.ReportMetric(bytes, "B/device")
		b.ReportMetric(float64(routines)/devices, "goroutines/device")
	}
}

func deviceMemory(devices int) (bytes float64, routines int) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	routines = runtime.NumGoroutine()
	g, _, in, _ := quiet()
	batch := make([]transport.Datagram, 1)
	for i := range devices {
		from := address(i)
		for _, m := range []mqttsn.Message{
			&mqttsn.Connect{ProtocolID: 1, CleanSession: true, Duration: 600, ClientID: fmt.Appendf(nil, "device-%06d", i)},
			&mqttsn.Register{MsgID: 1, TopicName: fmt.Appendf(nil, "site/device-%06d/state", i)},
			&mqttsn.Subscribe{MsgID: 2, TopicName: fmt.Appendf(nil, "site/device-%06d/command", i)},
		} {
			batch[0] = transport.Datagram{From: from, Data: encode(m)}
			in.Receive(nil, batch)
		}
	}
	batch[0] = transport.Datagram{}
	runtime.GC()
	runtime.ReadMemStats(&after)
	routines = runtime.NumGoroutine() - routines
	if len(g.byPeer) != devices {
		panic("not every device is connected")
	}
	runtime.KeepAlive(g)
	return float64(after.HeapAlloc-before.HeapAlloc) / float64(devices), routines
}

func TestMemoryPerDevice(t *testing.T) {
	const limit = 1024
	bytes, routines := deviceMemory(100_000)
	t.Logf("%.0f bytes of heap a device", bytes)
	if bytes > limit {
		t.Errorf("a device costs %.0f bytes of heap, more than %d", bytes, limit)
	}
	if routines != 0 {
		t.Errorf("%d goroutines for the devices, want none", routines)
	}
}
