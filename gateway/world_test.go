package gateway

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/mapping"
	"snbroker/mqttsn"
	"snbroker/transport"
	"snbroker/transport/memnet"
)

// world is a gateway on a network in memory, with the broker behind it, in a
// bubble of virtual time.
type world struct {
	t       *testing.T
	net     *memnet.Network
	link    *memnet.Link
	broker  *broker.Broker
	gateway *Gateway
}

const gatewayAddr = "10.0.0.1:1883"

// play runs a test in a bubble. change, which may be nil, adjusts the settings.
func play(t *testing.T, change func(*Config, *LinkOptions), story func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, change)
		defer func() { // also when a check fails
			w.gateway.Close()
			w.link.Close()
			w.net.Close()
			w.broker.Close()
			synctest.Wait()
		}()
		story(w)
	})
}

func newWorld(t *testing.T, change func(*Config, *LinkOptions)) *world {
	cfg := DefaultConfig()
	cfg.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	cfg.MaxAmplification = 0 // scripts know the MsgIDs that come; see proof_test.go
	cfg.Predefined = new(mapping.Predefined)
	must(t, cfg.Predefined.Add("", 10, "pre/ten"))
	must(t, cfg.Predefined.Add("", 11, "pre/eleven"))
	must(t, cfg.Predefined.Add("own", 10, "own/ten"))
	options := LinkOptions{Anonymous: true, QoSMinusOne: true}
	if change != nil {
		change(&cfg, &options)
	}
	w := &world{t: t, net: memnet.New(1)}
	w.link = w.net.Link(gatewayAddr)
	w.broker = broker.New(broker.DefaultLimits())
	w.gateway = New(cfg, NewEmbedded(w.broker))
	w.gateway.Start()
	go w.gateway.Serve(w.link, options)
	synctest.Wait()
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// device is a scripted peer: it sends what it is told and checks what it hears.
type device struct {
	w    *world
	conn *memnet.Conn
	node string // wireless node id, if it is behind a forwarder
	at   string // where the gateway is; "": at gatewayAddr
}

func (w *world) device(addr string) *device {
	return &device{w: w, conn: w.net.Conn(addr)}
}

func (d *device) sendRaw(b []byte) {
	d.w.t.Helper()
	must(d.w.t, d.conn.Send(memnet.ParseAddr(cmp.Or(d.at, gatewayAddr)), b))
	synctest.Wait()
}

func (d *device) sendHex(s string) {
	d.w.t.Helper()
	d.sendRaw(unhex(d.w.t, s))
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	must(t, err)
	return b
}

func (d *device) send(m mqttsn.Message) {
	d.w.t.Helper()
	var b []byte
	var err error
	if d.node != "" {
		b, err = mqttsn.AppendEncapsulation(b, 0, d.node)
		must(d.w.t, err)
	}
	b, err = m.AppendBinary(b)
	must(d.w.t, err)
	d.sendRaw(b)
}

// hear returns the next datagram, nil if none comes within a moment.
func (d *device) hear(patience time.Duration) []byte {
	d.w.t.Helper()
	// What is due at the very end of the wait is still heard.
	ctx, cancel := context.WithTimeout(context.Background(), patience+time.Microsecond)
	defer cancel()
	_, b, err := d.conn.Recv(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	must(d.w.t, err)
	return b
}

// hearMessage returns the next message, out of its encapsulation.
func (d *device) hearMessage() mqttsn.Message {
	d.w.t.Helper()
	b := d.hear(moment)
	if d.node != "" {
		e, err := mqttsn.DecodeEncapsulated(b)
		must(d.w.t, err)
		b = e.Message
	}
	var dec mqttsn.Decoder
	m, err := dec.Decode(b)
	must(d.w.t, err)
	return m
}

const moment = time.Millisecond

// expect checks that the next datagrams are these messages.
func (d *device) expect(want ...mqttsn.Message) {
	d.w.t.Helper()
	for _, m := range want {
		d.expectWithin(moment, m)
	}
}

func (d *device) expectWithin(patience time.Duration, m mqttsn.Message) {
	d.w.t.Helper()
	var want []byte
	var err error
	if d.node != "" {
		want, err = mqttsn.AppendEncapsulation(want, 0, d.node)
		must(d.w.t, err)
	}
	want, err = m.AppendBinary(want)
	must(d.w.t, err)
	if got := d.hear(patience); string(got) != string(want) {
		d.w.t.Fatalf("heard %s\nwant  %s", mqttsn.Describe(got), mqttsn.Describe(want))
	}
}

func (d *device) expectHex(s string) {
	d.w.t.Helper()
	want := unhex(d.w.t, s)
	if got := d.hear(moment); string(got) != string(want) {
		d.w.t.Fatalf("heard %x (%s)\nwant  %x (%s)", got, mqttsn.Describe(got), want, mqttsn.Describe(want))
	}
}

// expectSilence checks that nothing comes for a while.
func (d *device) expectSilence(while time.Duration) {
	d.w.t.Helper()
	if got := d.hear(while); got != nil {
		d.w.t.Fatalf("heard %s, want silence", mqttsn.Describe(got))
	}
}

// connect brings the device to Active.
func (d *device) connect(id string, clean bool, keepAlive uint16) {
	d.w.t.Helper()
	d.send(&mqttsn.Connect{ProtocolID: mqttsn.ProtocolID, CleanSession: clean, Duration: keepAlive, ClientID: []byte(id)})
	d.expect(&mqttsn.ConnAck{})
}

// connectWithWill brings the device to Active with a will.
func (d *device) connectWithWill(id string, clean bool, keepAlive uint16, topic, message string) {
	d.w.t.Helper()
	d.send(&mqttsn.Connect{ProtocolID: mqttsn.ProtocolID, CleanSession: clean, Will: true, Duration: keepAlive, ClientID: []byte(id)})
	d.expect(&mqttsn.WillTopicReq{})
	d.send(&mqttsn.WillTopic{QoS: mqttsn.QoS1, WillTopic: []byte(topic)})
	d.expect(&mqttsn.WillMsgReq{})
	d.send(&mqttsn.WillMsg{WillMsg: []byte(message)})
	d.expect(&mqttsn.ConnAck{})
}

// subscribe subscribes by name and returns the topic id of the SUBACK.
func (d *device) subscribe(filter string, qos mqttsn.QoS) mqttsn.TopicID {
	d.w.t.Helper()
	d.send(&mqttsn.Subscribe{QoS: qos, MsgID: 77, TopicName: []byte(filter)})
	m := d.hearMessage()
	ack, ok := m.(*mqttsn.SubAck)
	if !ok || ack.ReturnCode != mqttsn.ReturnAccepted || ack.QoS != qos || ack.MsgID != 77 {
		d.w.t.Fatalf("SUBSCRIBE was answered by %v", m)
	}
	return ack.TopicID
}

func (d *device) register(name string) mqttsn.TopicID {
	d.w.t.Helper()
	d.send(&mqttsn.Register{MsgID: 5, TopicName: []byte(name)})
	m := d.hearMessage()
	ack, ok := m.(*mqttsn.RegAck)
	if !ok || ack.ReturnCode != mqttsn.ReturnAccepted || ack.MsgID != 5 {
		d.w.t.Fatalf("REGISTER was answered by %v", m)
	}
	return ack.TopicID
}

// sleep sends the device to sleep.
func (d *device) sleep(seconds uint16) {
	d.w.t.Helper()
	d.send(&mqttsn.Disconnect{Duration: seconds})
	d.expect(&mqttsn.Disconnect{})
}

// program is a regular MQTT client, attached to the broker directly.
type program struct {
	w    *world
	conn *broker.Conn
	got  []string // "topic payload qos" with " retained"
}

func (w *world) program(id string, filters ...string) *program {
	w.t.Helper()
	p := &program{w: w}
	var turn broker.Turn
	c, _, err := w.broker.Connect(broker.ConnectOptions{ClientID: id, CleanStart: true}, p, &turn)
	must(w.t, err)
	p.conn = c
	for _, f := range filters {
		c.Subscribe(f, broker.SubscribeOptions{QoS: mqtt.QoS2})
	}
	w.broker.End(&turn)
	p.pull()
	return p
}

// Ready and Closed implement broker.Client.
func (p *program) Ready()                 {}
func (p *program) Closed(mqtt.ReasonCode) {}

func (p *program) pull() {
	var turn broker.Turn
	for {
		got := p.conn.Pull(make([]broker.Delivery, 0, 64), &turn)
		for _, d := range got {
			line := fmt.Sprintf("%s %s %d", d.Message.Topic, d.Message.Payload, d.QoS)
			if d.Retain {
				line += " retained"
			}
			p.got = append(p.got, line)
			switch d.QoS {
			case mqtt.QoS1:
				p.conn.PubAck(d.PacketID)
			case mqtt.QoS2:
				p.conn.PubRec(d.PacketID, false)
				p.conn.PubComp(d.PacketID)
			}
		}
		if len(got) == 0 {
			break
		}
	}
	p.w.broker.End(&turn)
}

// expect checks everything received since the last call.
func (p *program) expect(want ...string) {
	p.w.t.Helper()
	synctest.Wait()
	p.pull()
	if strings.Join(p.got, "\n") != strings.Join(want, "\n") {
		p.w.t.Fatalf("program got\n  %s\nwant\n  %s", strings.Join(p.got, "\n  "), strings.Join(want, "\n  "))
	}
	p.got = nil
}

// publish publishes as a regular client.
func (w *world) publish(topic, payload string, qos mqtt.QoS, retain bool) {
	var turn broker.Turn
	w.broker.Publish(&broker.Publication{Topic: topic, Payload: []byte(payload), QoS: qos, Retain: retain}, &turn)
	w.broker.End(&turn)
	synctest.Wait()
}

var _ transport.Link = (*memnet.Link)(nil)
