package admin

import (
	"context"
	"net"
	"testing"
	"time"

	"snbroker/broker"
	"snbroker/gateway"
	"snbroker/internal/listener"
	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
	"snbroker/transport/memnet"
)

// device is a scripted peer of the gateway.
type device struct {
	b    *bench
	conn *memnet.Conn
}

const deviceAddr = "10.0.0.2:4000"

// withDevices gives the bench a network in memory with a gateway on it.
func (b *bench) withDevices() *memnet.Network {
	n := memnet.New(1)
	l := n.Link("10.0.0.1:1883")
	served := make(chan error, 1)
	go func() { served <- b.gateway.Serve(l, gateway.LinkOptions{Anonymous: true}) }()
	b.t.Cleanup(func() {
		l.Close()
		<-served
		n.Close()
	})
	return n
}

func (b *bench) device(n *memnet.Network) *device { return &device{b, n.Conn(deviceAddr)} }

// say sends m and returns the answer; a retry covers a link that is not served yet.
func (d *device) say(m mqttsn.Message) mqttsn.Message {
	d.b.t.Helper()
	octets, err := m.AppendBinary(nil)
	if err != nil {
		d.b.t.Fatal(err)
	}
	if err := d.conn.Send(memnet.ParseAddr("10.0.0.1:1883"), octets); err != nil {
		d.b.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, got, err := d.conn.Recv(ctx)
	if err != nil {
		d.b.t.Fatalf("no answer to %v: %v", m, err)
	}
	answer, err := new(mqttsn.Decoder).Decode(got)
	if err != nil {
		d.b.t.Fatal(err)
	}
	return answer
}

// asleep connects a device, has it subscribe, and go to sleep.
func (b *bench) asleep(n *memnet.Network, id, topic string) *device {
	d := b.device(n)
	d.say(&mqttsn.Connect{ProtocolID: mqttsn.ProtocolID, CleanSession: true, Duration: 60, ClientID: []byte(id)})
	d.say(&mqttsn.Subscribe{QoS: mqttsn.QoS1, MsgID: 1, TopicName: []byte(topic)})
	d.say(&mqttsn.Disconnect{Duration: 300})
	return d
}

// program connects a client by TCP and returns it after CONNACK.
func (b *bench) program(id string) net.Conn {
	b.t.Helper()
	nl, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	cfg := listener.DefaultConfig()
	cfg.Anonymous, cfg.Log, cfg.Tap = true, b.cfg.Log, b.tap
	l := listener.New(cfg, b.broker, nl)
	served := make(chan error, 1)
	go func() { served <- l.Serve() }()
	nc, err := net.Dial("tcp", nl.Addr().String())
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		nc.Close()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		l.Close(ctx)
		<-served
	})
	b.tell(nc, &mqtt.Connect{Version: mqtt.V5, CleanStart: true, KeepAlive: 30, ClientID: []byte(id), HasUsername: true, Username: []byte("u"), HasPassword: true, Password: []byte("top secret")})
	hear(b.t, nc)
	return nc
}

func (b *bench) tell(nc net.Conn, p mqtt.Packet) {
	b.t.Helper()
	octets, err := p.AppendTo(nil, mqtt.V5)
	if err == nil {
		_, err = nc.Write(octets)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

func hear(t testing.TB, nc net.Conn) []byte {
	t.Helper()
	nc.SetReadDeadline(time.Now().Add(10 * time.Second))
	got := make([]byte, 4096)
	n, err := nc.Read(got)
	if err != nil {
		t.Fatal(err)
	}
	return got[:n]
}

// nobody is a client that pulls nothing.
type nobody struct{}

func (nobody) Ready()                 {}
func (nobody) Closed(mqtt.ReasonCode) {}

// session makes one in the broker alone.
func (b *bench) session(id string, filters ...string) *broker.Conn {
	b.t.Helper()
	var turn broker.Turn
	c, _, err := b.broker.Connect(broker.ConnectOptions{ClientID: id, CleanStart: true}, nobody{}, &turn)
	if err != nil {
		b.t.Fatal(err)
	}
	for _, f := range filters {
		c.Subscribe(f, broker.SubscribeOptions{QoS: mqtt.QoS1})
	}
	b.broker.End(&turn)
	return c
}

func (b *bench) publish(topic, payload string, retain bool) {
	b.t.Helper()
	if _, err := b.broker.Operate(context.Background(), &broker.Publication{Topic: topic, Payload: []byte(payload), QoS: mqtt.QoS1, Retain: retain}); err != nil {
		b.t.Fatal(err)
	}
}

// volatile publishes what is not kept on the disk.
func (b *bench) volatile(topic string) {
	var turn broker.Turn
	b.broker.Publish(&broker.Publication{Topic: topic, Payload: []byte("x"), QoS: mqtt.QoS1}, &turn)
	b.broker.End(&turn)
}
