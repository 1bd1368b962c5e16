package gateway

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/mapping"
	"snbroker/mqttsn"
	"snbroker/transport"
)

// A sleeper that was waking when another device got its address is supervised
// like every other sleeper.
func TestAwakeDeviceWhoseAddressIsTakenIsLostInTheEnd(t *testing.T) {
	play(t, nil, func(w *world) {
		p := w.program("watch", "will/#")
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", true, 60, "will/c1", "gone")
		id := d.subscribe("t", mqttsn.QoS1)
		d.sleep(60)
		w.publish("t", "1", mqtt.QoS1, false)
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		d.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("1")})
		d.connect("c2", true, 6000)
		d.expectSilence(80 * time.Second)
		p.expect()
		d.expectSilence(20 * time.Second)
		p.expect("will/c1 gone 1")
		if n := len(w.gateway.byID); n != 1 {
			t.Errorf("%d sessions, want c2 alone", n)
		}
	})
}

// A device that lost its address to another, and comes back by a PINGREQ from
// a new one, gets what came in between.
func TestActiveDeviceWhoseAddressWasTakenComesBack(t *testing.T) {
	for _, outstanding := range []bool{false, true} {
		t.Run(fmt.Sprint("outstanding=", outstanding), func(t *testing.T) {
			play(t, nil, func(w *world) {
				d := w.device("10.0.0.2:4000")
				d.connect("c1", true, 6000)
				id := d.subscribe("t", mqttsn.QoS1)
				m := &mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("1")}
				if outstanding {
					w.publish("t", "1", mqtt.QoS1, false)
					d.expect(m)
					m.Dup = true
				}
				d.connect("c2", true, 6000)
				if !outstanding {
					w.publish("t", "1", mqtt.QoS1, false)
				}
				d.expectSilence(100 * time.Second)
				moved := w.device("10.0.0.3:4000")
				moved.send(&mqttsn.PingReq{ClientID: []byte("c1")})
				if outstanding {
					moved.expect(m, &mqttsn.PingResp{})
				} else {
					moved.expect(&mqttsn.PingResp{}, m)
				}
				moved.send(&mqttsn.PubAck{TopicID: id, MsgID: 1})
				moved.expectSilence(time.Minute)
			})
		})
	}
}

// A dialogue that came to nothing is not taken for one that was finished.
func TestFailedDialogueIsNotAnsweredAsAccepted(t *testing.T) {
	connect := &mqttsn.Connect{ProtocolID: 1, Will: true, Duration: 600, ClientID: []byte("c1")}
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", false, 600)
		d.send(connect)
		d.expect(&mqttsn.WillTopicReq{})
		d.send(&mqttsn.WillTopic{WillTopic: []byte("#")})
		d.expect(&mqttsn.ConnAck{ReturnCode: mqttsn.ReturnNotSupported})
		d.send(connect)
		d.expect(&mqttsn.WillTopicReq{})
		d.expectSilenceAfterPrompts(&mqttsn.WillTopicReq{})
		d.send(&mqttsn.WillTopic{WillTopic: []byte("w")}) // too late
		d.expectSilence(time.Second)
	})
}

func (d *device) expectSilenceAfterPrompts(m mqttsn.Message) {
	d.w.t.Helper()
	for range d.w.gateway.cfg.NRetry {
		d.expectWithin(d.w.gateway.cfg.TRetry, m)
	}
	d.expectSilence(2 * d.w.gateway.cfg.TRetry)
}

// A device that is in the middle of connecting anew and leaves has left.
func TestDisconnectDuringADialogue(t *testing.T) {
	connect := &mqttsn.Connect{ProtocolID: 1, Will: true, Duration: 60, ClientID: []byte("c1")}
	play(t, nil, func(w *world) {
		p := w.program("watch", "will/#")
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", true, 60, "will/c1", "gone")
		d.send(connect)
		d.expect(&mqttsn.WillTopicReq{})
		d.send(&mqttsn.Disconnect{})
		d.expect(&mqttsn.Disconnect{})
		d.expectSilence(10 * time.Minute)
		p.expect()
	})
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		id := d.subscribe("t", mqttsn.QoS0)
		d.send(connect)
		d.expect(&mqttsn.WillTopicReq{})
		d.sleep(600)
		w.publish("t", "1", mqtt.QoS0, false)
		d.expectSilence(time.Minute)
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		d.expect(&mqttsn.Publish{TopicID: id, Data: []byte("1")}, &mqttsn.PingResp{})
	})
}

// Congestion is an answer: the tries before it do not count against the device.
func TestCongestionAfterTheLastTry(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 6000)
		id := d.subscribe("t", mqttsn.QoS1)
		w.publish("t", "1", mqtt.QoS1, false)
		m := &mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("1")}
		d.expect(m)
		m.Dup = true
		for range w.gateway.cfg.NRetry {
			d.expectWithin(w.gateway.cfg.TRetry, m)
		}
		d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1, ReturnCode: mqttsn.ReturnCongestion})
		d.expectWithin(w.gateway.cfg.TWait, m)
		d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1})
		d.send(&mqttsn.PingReq{})
		d.expect(&mqttsn.PingResp{})
	})
}

// Sessions that have lost their address count, too.
func TestDevicesAtOneAddressAreBounded(t *testing.T) {
	play(t, func(c *Config, _ *LinkOptions) { c.MaxDevices = 2 }, func(w *world) {
		d := w.device("10.0.0.2:4000")
		for i := range 3 {
			d.send(&mqttsn.Connect{ProtocolID: 1, ClientID: fmt.Appendf(nil, "c%d", i)})
			want := mqttsn.ReturnAccepted
			if i == 2 {
				want = mqttsn.ReturnCongestion
			}
			d.expect(&mqttsn.ConnAck{ReturnCode: want})
		}
	})
}

func TestShortTopicsAreBounded(t *testing.T) {
	play(t, func(c *Config, _ *LinkOptions) { c.MaxTopics = 3 }, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 600)
		for i := range 4 {
			m := &mqttsn.Subscribe{MsgID: mqttsn.MsgID(i + 1), TopicIDType: mqttsn.TopicShort, TopicID: mqttsn.TopicID(0x6161 + i)}
			ack := &mqttsn.SubAck{MsgID: m.MsgID}
			if i == 3 {
				ack.ReturnCode = mqttsn.ReturnCongestion
			}
			d.send(m)
			d.expect(ack)
			d.send(&mqttsn.Unsubscribe{MsgID: 100, TopicIDType: mqttsn.TopicShort, TopicID: m.TopicID})
			d.expect(&mqttsn.UnsubAck{MsgID: 100})
		}
		d.send(&mqttsn.Subscribe{MsgID: 9, TopicIDType: mqttsn.TopicShort, TopicID: 0x6161}) // a known one
		d.expect(&mqttsn.SubAck{MsgID: 9})
	})
}

// A REGACK that comes when its device is taken to be asleep again must not cost
// a QoS 0 message.
func TestLateRegAckSendsNothingToASleeper(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 600)
		d.subscribe("+", mqttsn.QoS0)
		d.sleep(600)
		w.publish("t", "1", mqtt.QoS0, false)
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		reg := &mqttsn.Register{TopicID: 1, MsgID: 1, TopicName: []byte("t")}
		d.expect(reg)
		d.expectSilenceAfterPrompts(reg)
		d.send(&mqttsn.RegAck{TopicID: 1, MsgID: 1})
		d.expectSilence(time.Minute)
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		d.expect(&mqttsn.Publish{TopicID: 1, Data: []byte("1")}, &mqttsn.PingResp{})
	})
}

// A device gets a topic under the id that its SUBACK had, whatever it publishes
// by.
func TestSubscribedNameComesUnderTheIDOfItsSubAck(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 600)
		publish := func() {
			d.send(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicIDType: mqttsn.TopicPredefined, TopicID: 10, MsgID: 3, Data: []byte("x")})
			d.expect(&mqttsn.PubAck{TopicID: 10, MsgID: 3})
		}
		publish()
		id := d.subscribe("pre/ten", mqttsn.QoS0)
		w.publish("pre/ten", "1", mqtt.QoS0, false)
		d.expect(&mqttsn.Publish{TopicID: id, Data: []byte("1")})
		publish()
		d.expect(&mqttsn.Publish{TopicID: id, Data: []byte("x")})
		// The last SUBSCRIBE decides.
		d.send(&mqttsn.Subscribe{MsgID: 4, TopicIDType: mqttsn.TopicPredefined, TopicID: 10})
		d.expect(&mqttsn.SubAck{TopicID: 10, MsgID: 4})
		w.publish("pre/ten", "2", mqtt.QoS0, false)
		d.expect(&mqttsn.Publish{TopicIDType: mqttsn.TopicPredefined, TopicID: 10, Data: []byte("2")})
	})
}

func TestWhichSubscribeIsARepetition(t *testing.T) {
	play(t, nil, func(w *world) {
		w.publish("t", "kept", mqtt.QoS0, true)
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 600)
		m := &mqttsn.Subscribe{MsgID: 0x0101, TopicName: []byte("t")}
		d.send(m)
		d.expect(&mqttsn.SubAck{TopicID: 1, MsgID: 0x0101}, &mqttsn.Publish{Retain: true, TopicID: 1, Data: []byte("kept")})
		m.MsgID = 0x0201 // another one
		d.send(m)
		d.expect(&mqttsn.SubAck{TopicID: 1, MsgID: 0x0201}, &mqttsn.Publish{Retain: true, TopicID: 1, Data: []byte("kept")})
		// The same in the long form, once with DUP.
		d.sendHex("01 00 08 12 00 03 01 74")
		d.expect(&mqttsn.SubAck{TopicID: 1, MsgID: 0x0301}, &mqttsn.Publish{Retain: true, TopicID: 1, Data: []byte("kept")})
		d.sendHex("01 00 08 12 80 03 01 74")
		d.expect(&mqttsn.SubAck{TopicID: 1, MsgID: 0x0301})
		d.expectSilence(time.Second)
	})
}

// QoS -1 is a message like others to the supervision of one that is connected.
func TestQoSMinusOneKeepsAConnectedDeviceAlive(t *testing.T) {
	play(t, nil, func(w *world) {
		p := w.program("watch", "will/#")
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", true, 60, "will/c1", "gone")
		for range 10 {
			d.expectSilence(30 * time.Second)
			d.send(&mqttsn.Publish{QoS: mqttsn.QoSMinusOne, TopicIDType: mqttsn.TopicShort, TopicID: 0x7474, Data: []byte("x")})
		}
		p.expect()
	})
}

func TestIdleTimeWithoutEnd(t *testing.T) {
	play(t, func(c *Config, _ *LinkOptions) { c.MaxIdle = broker.Never }, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 0)
		d.expectSilence(time.Hour)
		d.send(&mqttsn.PingReq{})
		d.expect(&mqttsn.PingResp{})
	})
}

// noted is a link that notes what it is sent.
type noted struct {
	sink
	mtu  int
	sent [][]byte
}

func (n *noted) Send(_ transport.Addr, _ uint16, b []byte) { n.sent = append(n.sent, bytes.Clone(b)) }
func (n *noted) MTU() int                                  { return n.mtu }

// take returns what was sent since the last call, one line each.
func (n *noted) take() (lines []string) {
	for _, b := range n.sent {
		lines = append(lines, mqttsn.Describe(b))
	}
	n.sent = nil
	return lines
}

// alone is a gateway without goroutines, network, or time that passes.
func alone(t testing.TB, mtu int, limits broker.Limits, o LinkOptions) (*Gateway, *broker.Broker, receiver, *noted) {
	cfg := DefaultConfig()
	cfg.MaxAmplification = 0
	cfg.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	cfg.Predefined = new(mapping.Predefined)
	if err := cfg.Predefined.Add("", 10, "pre/ten"); err != nil {
		t.Fatal(err)
	}
	b := broker.New(limits)
	t.Cleanup(b.Close)
	g := New(cfg, NewEmbedded(b))
	n := &noted{mtu: mtu}
	return g, b, receiver{g, &link{Link: n, options: o, maxMessage: mtu}}, n
}

func (r receiver) take(from int, messages ...[]byte) {
	var batch []transport.Datagram
	for _, b := range messages {
		batch = append(batch, transport.Datagram{From: address(from), Data: b})
	}
	r.Receive(nil, batch)
}

func expectLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("sent\n%q\nwant\n%q", got, want)
	}
}

// The forwarder's header must fit into the datagram as well.
func TestEncapsulationCountsInTheDatagram(t *testing.T) {
	_, b, in, out := alone(t, 60, broker.DefaultLimits(), LinkOptions{Anonymous: true})
	wrap := func(m mqttsn.Message) []byte {
		b, _ := mqttsn.AppendEncapsulation(nil, 0, "12345678")
		b, _ = m.AppendBinary(b)
		return b
	}
	in.take(1, wrap(&mqttsn.Connect{ProtocolID: 1, CleanSession: true, ClientID: []byte("c1")}))
	in.take(1, wrap(&mqttsn.Subscribe{MsgID: 1, QoS: mqttsn.QoS1, TopicName: []byte("#")}))
	in.take(1, wrap(&mqttsn.Subscribe{MsgID: 2, QoS: mqttsn.QoS1, TopicName: []byte("t")}))
	out.take()
	for _, p := range []broker.Publication{
		{Topic: "t", Payload: make([]byte, 45), QoS: mqtt.QoS1},
		{Topic: string(bytes.Repeat([]byte{'n'}, 45)), QoS: mqtt.QoS1},
	} {
		var turn broker.Turn
		b.Publish(&p, &turn)
		b.End(&turn)
		in.take(2)
		expectLines(t, out.take())
	}
	if n := b.Stats().Dropped[broker.DropTooLarge]; n != 2 {
		t.Errorf("%d dropped as too large, want 2", n)
	}
}

// What fits into a small network's packets is not dropped.
func TestLongestMessageOfASmallNetwork(t *testing.T) {
	_, b, in, out := alone(t, 60, broker.DefaultLimits(), LinkOptions{Anonymous: true})
	in.take(1, encode(&mqttsn.Connect{ProtocolID: 1, CleanSession: true, ClientID: []byte("c1")}))
	in.take(1, encode(&mqttsn.Subscribe{MsgID: 1, TopicName: []byte("t")}))
	in.take(1, encode(&mqttsn.Subscribe{MsgID: 2, TopicName: []byte("#")}))
	out.take()
	for _, p := range []broker.Publication{
		{Topic: "t", Payload: make([]byte, 60-7)},
		{Topic: "t", Payload: make([]byte, 61-7)},
		{Topic: string(bytes.Repeat([]byte{'n'}, 61-6))},
		{Topic: string(bytes.Repeat([]byte{'n'}, 60-6))},
	} {
		var turn broker.Turn
		b.Publish(&p, &turn)
		b.End(&turn)
		in.take(2)
	}
	if len(out.sent) != 2 || len(out.sent[0]) != 60 || len(out.sent[1]) != 60 {
		t.Errorf("sent %q, want a PUBLISH and a REGISTER of 60 octets", out.take())
	}
}

// 0xFE may be in the length of a long message.
func TestLongMessageIsNotTakenForAnEncapsulation(t *testing.T) {
	_, _, in, out := alone(t, 65507, broker.DefaultLimits(), LinkOptions{Anonymous: true})
	in.take(1, encode(&mqttsn.Connect{ProtocolID: 1, CleanSession: true, ClientID: []byte("c1")}))
	out.take()
	in.take(1, encode(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicIDType: mqttsn.TopicShort, TopicID: 0x7474, MsgID: 1, Data: make([]byte, 0xFE10-9)}))
	if len(out.sent) != 1 || mqttsn.MsgType(out.sent[0][1]) != mqttsn.TypePubAck {
		t.Errorf("it was answered by %q", out.take())
	}
}

func TestRefusedSubscribe(t *testing.T) {
	limits := broker.DefaultLimits()
	limits.MaxSubscriptions = 1
	_, b, in, out := alone(t, 60, limits, LinkOptions{Anonymous: true})
	in.take(1, encode(&mqttsn.Connect{ProtocolID: 1, CleanSession: true, ClientID: []byte("c1")}))
	in.take(1, encode(&mqttsn.Subscribe{MsgID: 1, TopicName: []byte("#")}))
	out.take()
	for range 2 { // a repetition is refused as well
		in.take(1, encode(&mqttsn.Subscribe{MsgID: 2, TopicName: []byte("t")}))
		expectLines(t, out.take(), mqttsn.Describe(encode(&mqttsn.SubAck{MsgID: 2, ReturnCode: mqttsn.ReturnCongestion})))
	}
	// The device was not told an id.
	var turn broker.Turn
	b.Publish(&broker.Publication{Topic: "t"}, &turn)
	b.End(&turn)
	in.take(2)
	expectLines(t, out.take(), mqttsn.Describe(encode(&mqttsn.Register{TopicID: 1, MsgID: 1, TopicName: []byte("t")})))
}

// A CONNECT that comes with the news that the session was given to somebody
// else gets it back.
func TestConnectCrossesATakeover(t *testing.T) {
	g, b, in, out := alone(t, 60, broker.DefaultLimits(), LinkOptions{Anonymous: true})
	connect := encode(&mqttsn.Connect{ProtocolID: 1, ClientID: []byte("c1")})
	in.take(1, connect, encode(&mqttsn.PingReq{}))
	var turn broker.Turn
	g.turn.Lock() // the pump is not there, and nobody else may look
	_, _, err := b.Connect(broker.ConnectOptions{ClientID: "c1"}, new(takesAll), &turn)
	g.turn.Unlock()
	must(t, err)
	b.End(&turn)
	out.take()
	in.take(1, connect)
	expectLines(t, out.take(), mqttsn.Describe(encode(&mqttsn.ConnAck{})))
	if s := g.byID["c1"]; s == nil || s.state != Active || !s.conn.Attached() {
		t.Error("the device is not connected")
	}
}

// A listener that lets no anonymous devices in gives none of its sessions to
// a PINGREQ either.
func TestPingReqIsNoWayAroundTheListenersRules(t *testing.T) {
	g, _, in, out := alone(t, 60, broker.DefaultLimits(), LinkOptions{Anonymous: true})
	in.take(1, encode(&mqttsn.Connect{ProtocolID: 1, ClientID: []byte("c1")}), encode(&mqttsn.Disconnect{Duration: 60}))
	out.take()
	closed := receiver{g, &link{Link: out, maxMessage: 60}}
	closed.take(2, encode(&mqttsn.PingReq{ClientID: []byte("c1")}))
	expectLines(t, out.take(), mqttsn.Describe(encode(&mqttsn.Disconnect{})))
}

// Retained messages on two short topics are two.
func TestShortTopicNamesAreKept(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		for _, id := range []mqttsn.TopicID{0x6161, 0x6262, 0x6363} {
			d.send(&mqttsn.Publish{QoS: mqttsn.QoSMinusOne, TopicIDType: mqttsn.TopicShort, TopicID: id, Retain: true, Data: []byte("x")})
		}
		w.program("p", "aa", "bb", "cc").expect("aa x 0 retained", "bb x 0 retained", "cc x 0 retained")
	})
}

// The id in the SUBACK of a shared subscription is that of the topic whose
// messages come, not of the filter.
func TestSharedSubscriptionHasItsTopicsID(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 600)
		id := d.subscribe("$share/g/t", mqttsn.QoS0)
		w.publish("t", "1", mqtt.QoS0, false)
		d.expect(&mqttsn.Publish{TopicID: id, Data: []byte("1")})
		if again := d.register("t"); again != id {
			t.Errorf("the topic has the ids %d and %d", id, again)
		}
	})
}
