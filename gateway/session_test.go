package gateway

import (
	"context"
	"fmt"
	"testing"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
	"snbroker/transport"
	"snbroker/transport/memnet"
)

func TestKeepAlive(t *testing.T) {
	for _, c := range []struct {
		keepAlive uint16
		lost      time.Duration
	}{{10, 15 * time.Second}, {60, 90 * time.Second}, {61, 67100 * time.Millisecond}, {600, 660 * time.Second}, {0, 24 * time.Hour}} {
		t.Run(fmt.Sprint(c.keepAlive), func(t *testing.T) {
			play(t, nil, func(w *world) {
				p := w.program("watch", "will/#")
				d := w.device("10.0.0.2:4000")
				d.connectWithWill("c1", true, c.keepAlive, "will/c1", "gone")
				d.expectSilence(c.lost - time.Second)
				d.send(&mqttsn.PingReq{}) // any message restarts the supervision
				d.expect(&mqttsn.PingResp{})
				d.expectSilence(c.lost - time.Second)
				p.expect()
				d.expectSilence(2 * time.Second)
				p.expect("will/c1 gone 1")
				if n := w.broker.Stats().Sessions; n != 1 {
					t.Errorf("%d sessions, want the program's alone", n)
				}
			})
		})
	}
}

func TestDisconnectFiresNoWill(t *testing.T) {
	play(t, nil, func(w *world) {
		p := w.program("watch", "will/#")
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", true, 10, "will/c1", "gone")
		d.send(&mqttsn.Disconnect{})
		d.expect(&mqttsn.Disconnect{})
		d.expectSilence(time.Hour)
		p.expect()
	})
}

// The table of SN §6.3: what CleanSession and Will do to what is stored.
func TestCleanSessionAndWill(t *testing.T) {
	play(t, nil, func(w *world) {
		p := w.program("watch", "will/#")
		d := w.device("10.0.0.2:4000")
		leave := func() {
			d.send(&mqttsn.Disconnect{})
			d.expect(&mqttsn.Disconnect{})
		}
		lose := func() { d.expectSilence(20 * time.Second) }

		d.connectWithWill("c1", false, 10, "will/a", "A")
		d.subscribe("t", mqttsn.QoS1)
		leave()
		w.publish("t", "kept", mqtt.QoS1, false)

		d.connect("c1", false, 10) // keeps both
		reg := &mqttsn.Register{TopicID: 1, MsgID: 1, TopicName: []byte("t")}
		d.expect(reg) // the device may have forgotten the id
		d.send(&mqttsn.RegAck{TopicID: 1, MsgID: 1})
		d.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: 1, MsgID: 1, Data: []byte("kept")})
		d.send(&mqttsn.PubAck{TopicID: 1, MsgID: 1})
		lose()
		p.expect("will/a A 1")

		d.connect("c1", false, 10) // the will stays stored after it was published
		lose()
		p.expect("will/a A 1")

		d.connectWithWill("c1", false, 10, "will/b", "B") // overwrites the will
		lose()
		p.expect("will/b B 1")

		d.connect("c1", true, 10) // deletes both
		w.publish("t", "gone", mqtt.QoS1, false)
		lose()
		p.expect()
		d.connect("c1", false, 10)
		lose()
		p.expect()
	})
}

func TestWillUpdates(t *testing.T) {
	play(t, nil, func(w *world) {
		p := w.program("watch", "#")
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", false, 10, "will/a", "A")
		d.send(&mqttsn.WillTopicUpd{QoS: mqttsn.QoS2, Retain: true, WillTopic: []byte("will/b")})
		d.expect(&mqttsn.WillTopicResp{})
		d.send(&mqttsn.WillMsgUpd{WillMsg: []byte("B")})
		d.expect(&mqttsn.WillMsgResp{})
		d.expectSilence(20 * time.Second)
		p.expect("will/b B 2")

		d.connect("c1", false, 10)
		d.send(&mqttsn.WillTopicUpd{})
		d.expect(&mqttsn.WillTopicResp{})
		d.send(&mqttsn.WillMsgUpd{WillMsg: []byte("C")})
		d.expect(&mqttsn.WillMsgResp{ReturnCode: mqttsn.ReturnNotSupported})
		d.expectSilence(20 * time.Second)
		p.expect()

		d.connect("c1", false, 10)
		d.send(&mqttsn.WillTopicUpd{WillTopic: []byte("will/#")})
		d.expect(&mqttsn.WillTopicResp{ReturnCode: mqttsn.ReturnNotSupported})
		d.send(&mqttsn.WillTopicUpd{WillTopic: []byte("will/c")}) // a new will, empty message
		d.expect(&mqttsn.WillTopicResp{})
		d.expectSilence(20 * time.Second)
		p.expect("will/c  0")
	})
}

func TestWillDialogueSurvivesLosses(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		connect := &mqttsn.Connect{ProtocolID: 1, Will: true, Duration: 60, ClientID: []byte("c1")}
		d.send(connect)
		d.expect(&mqttsn.WillTopicReq{})
		d.send(connect) // as if the prompt had been lost
		d.expect(&mqttsn.WillTopicReq{})
		d.expectWithin(10*time.Second, &mqttsn.WillTopicReq{}) // the gateway asks again, too
		d.send(&mqttsn.WillTopic{WillTopic: []byte("w")})
		d.expect(&mqttsn.WillMsgReq{})
		d.send(&mqttsn.WillTopic{WillTopic: []byte("w")})
		d.expect(&mqttsn.WillMsgReq{})
		d.send(&mqttsn.WillMsg{WillMsg: []byte("m")})
		d.expect(&mqttsn.ConnAck{})
		d.send(&mqttsn.WillMsg{WillMsg: []byte("m")}) // its CONNACK got lost
		d.expect(&mqttsn.ConnAck{})
	})
}

func TestAbandonedDialogueLeavesTheSessionAsItWas(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 600)
		id := d.subscribe("t", mqttsn.QoS1)
		d.send(&mqttsn.Connect{ProtocolID: 1, CleanSession: true, Will: true, Duration: 600, ClientID: []byte("c1")})
		for range w.gateway.cfg.NRetry + 1 {
			d.expectWithin(10*time.Second, &mqttsn.WillTopicReq{})
		}
		d.expectSilence(20 * time.Second)
		w.publish("t", "1", mqtt.QoS1, false)
		d.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("1")})

		// The same at another address: the session is not taken over before
		// the dialogue is finished.
		d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1})
		other := w.device("10.0.0.3:4000")
		other.send(&mqttsn.Connect{ProtocolID: 1, Will: true, Duration: 600, ClientID: []byte("c1")})
		other.expect(&mqttsn.WillTopicReq{})
		w.publish("t", "2", mqtt.QoS1, false)
		d.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 2, Data: []byte("2")})
	})
}

func TestTakeover(t *testing.T) {
	play(t, nil, func(w *world) {
		p := w.program("watch", "will/#")
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", false, 600, "will/c1", "gone")
		d.subscribe("t", mqttsn.QoS1)
		other := w.device("10.0.0.3:4000")
		other.connect("c1", false, 600)
		d.expect(&mqttsn.Disconnect{})
		p.expect("will/c1 gone 1") // as MQTT does
		w.publish("t", "1", mqtt.QoS1, false)
		other.expect(&mqttsn.Register{TopicID: 1, MsgID: 1, TopicName: []byte("t")})
		d.send(&mqttsn.PingReq{})
		d.expect(&mqttsn.Disconnect{})
		if n := w.broker.Stats().Sessions; n != 2 {
			t.Errorf("%d sessions, want 2", n)
		}
	})
}

func TestRestartFromTheSameAddress(t *testing.T) {
	play(t, nil, func(w *world) {
		p := w.program("watch", "will/#")
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", true, 600, "will/c1", "gone")
		d.subscribe("t", mqttsn.QoS1)
		d.connect("c1", true, 600) // rebooted
		w.publish("t", "1", mqtt.QoS1, false)
		d.expectSilence(time.Second)
		p.expect() // the same address never fires the will
	})
}

func TestAddressIsUsedByAnotherDevice(t *testing.T) {
	play(t, nil, func(w *world) {
		p := w.program("watch", "will/#")
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", true, 60, "will/c1", "gone")
		d.subscribe("t", mqttsn.QoS1)
		d.connect("c2", true, 600)
		w.publish("t", "1", mqtt.QoS1, false)
		d.expectSilence(time.Second)
		p.expect()
		d.expectSilence(100 * time.Second) // c1 is lost when its own time is up
		p.expect("will/c1 gone 1")
	})
}

func TestTakeoverByARegularClient(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		w.program("c1")
		d.expect(&mqttsn.Disconnect{})
		d.send(&mqttsn.PingReq{})
		d.expect(&mqttsn.Disconnect{})
		d.connect("c1", true, 60)
	})
}

func TestTopicIDsLastThroughAPersistentReconnect(t *testing.T) {
	play(t, nil, func(w *world) {
		p := w.program("p", "#")
		d := w.device("10.0.0.2:4000")
		d.connect("c1", false, 60)
		id := d.register("a/b")
		d.send(&mqttsn.Disconnect{})
		d.expect(&mqttsn.Disconnect{})
		d.connect("c1", false, 60)
		d.send(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("x")})
		d.expect(&mqttsn.PubAck{TopicID: id, MsgID: 1})
		p.expect("a/b x 1")
		d.connect("c1", true, 60)
		d.send(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 2, Data: []byte("x")})
		d.expect(&mqttsn.PubAck{TopicID: id, MsgID: 2, ReturnCode: mqttsn.ReturnInvalidTopicID})
	})
}

func TestClientIDs(t *testing.T) {
	long := make([]byte, 257)
	for i := range long {
		long[i] = 'x'
	}
	play(t, func(c *Config, _ *LinkOptions) { c.AssignClientID = true }, func(w *world) {
		d := w.device("10.0.0.2:4000")
		for id, want := range map[string]mqttsn.ReturnCode{
			string(long[:256]): mqttsn.ReturnAccepted, string(long): mqttsn.ReturnNotSupported,
			"nul\x00": mqttsn.ReturnNotSupported, "bad\xff": mqttsn.ReturnNotSupported,
		} {
			d.send(&mqttsn.Connect{ProtocolID: 1, CleanSession: true, ClientID: []byte(id)})
			d.expect(&mqttsn.ConnAck{ReturnCode: want})
		}
		d.sendHex("06 04 04 01 00 3C") // none: one is made from its address
		d.expect(&mqttsn.ConnAck{})
		if w.gateway.byID["sn-10.0.0.2:4000"] == nil {
			t.Error("no ClientID was assigned")
		}
	})
}

func TestAnonymousMayBeForbidden(t *testing.T) {
	play(t, func(_ *Config, o *LinkOptions) { o.Anonymous = false }, func(w *world) {
		p := w.program("p", "#")
		d := w.device("10.0.0.2:4000")
		d.send(&mqttsn.Connect{ProtocolID: 1, ClientID: []byte("c1")})
		d.expect(&mqttsn.ConnAck{ReturnCode: mqttsn.ReturnNotSupported})
		d.send(&mqttsn.Publish{QoS: mqttsn.QoSMinusOne, TopicIDType: mqttsn.TopicShort, TopicID: 0x7474, Data: []byte("x")})
		p.expect()
	})
}

func TestForwarder(t *testing.T) {
	play(t, nil, func(w *world) {
		f := w.device("10.0.0.2:4000")
		one, two := &device{w: w, conn: f.conn, node: "\x01"}, &device{w: w, conn: f.conn, node: "\x02\x00"}
		one.connect("c1", true, 60)
		two.connect("c2", true, 60)
		id := two.subscribe("t", mqttsn.QoS1)
		one.send(&mqttsn.Publish{QoS: mqttsn.QoSMinusOne, TopicIDType: mqttsn.TopicShort, TopicID: 0x7474, Data: []byte("x")})
		reg := one.register("t")
		one.send(&mqttsn.Publish{TopicID: reg, Data: []byte("hello")})
		two.expect(&mqttsn.Publish{TopicID: id, Data: []byte("hello")})
		two.send(&mqttsn.SearchGw{})
		two.expect(&mqttsn.GwInfo{GwID: 1})
		// The forwarder itself is another peer, and nobody.
		f.send(&mqttsn.PingReq{})
		f.expect(&mqttsn.Disconnect{})
		// A node that moves to another forwarder is found by its ClientID.
		two.sleep(60)
		g := w.device("10.0.0.3:4000")
		moved := &device{w: w, conn: g.conn, node: "\x07"}
		one.send(&mqttsn.Publish{TopicID: reg, Data: []byte("again")})
		moved.send(&mqttsn.PingReq{ClientID: []byte("c2")})
		moved.expect(&mqttsn.Publish{TopicID: id, Data: []byte("again")}, &mqttsn.PingResp{})
	})
}

func TestQoSMinusOne(t *testing.T) {
	play(t, nil, func(w *world) {
		p := w.program("p", "#")
		d := w.device("10.0.0.2:4000")
		d.send(&mqttsn.Publish{QoS: mqttsn.QoSMinusOne, TopicIDType: mqttsn.TopicPredefined, TopicID: 10, Data: []byte("x")})
		d.send(&mqttsn.Publish{QoS: mqttsn.QoSMinusOne, TopicIDType: mqttsn.TopicShort, TopicID: 0x7474, Retain: true, Data: []byte("on")})
		d.send(&mqttsn.Publish{QoS: mqttsn.QoSMinusOne, TopicIDType: mqttsn.TopicPredefined, TopicID: 99, Data: []byte("x")})
		d.sendHex("09 0C 60 00 01 00 00 68 69") // normal id
		p.expect("pre/ten x 0", "tt on 0")
		d.expectSilence(time.Second)
		if n := w.gateway.Stats().QoSMinusOneDropped; n != 2 {
			t.Errorf("%d dropped, want 2", n)
		}
		w.program("q", "tt").expect("tt on 0 retained")
	})
	play(t, func(_ *Config, o *LinkOptions) { o.QoSMinusOne = false }, func(w *world) {
		p := w.program("p", "#")
		d := w.device("10.0.0.2:4000")
		d.send(&mqttsn.Publish{QoS: mqttsn.QoSMinusOne, TopicIDType: mqttsn.TopicPredefined, TopicID: 10, Data: []byte("x")})
		p.expect()
	})
}

func TestPredefinedOfOneClient(t *testing.T) {
	play(t, nil, func(w *world) {
		p := w.program("p", "#")
		d := w.device("10.0.0.2:4000")
		d.connect("own", true, 60)
		d.send(&mqttsn.Publish{TopicIDType: mqttsn.TopicPredefined, TopicID: 10, Data: []byte("x")})
		d.send(&mqttsn.Publish{TopicIDType: mqttsn.TopicPredefined, TopicID: 11, Data: []byte("y")})
		p.expect("own/ten x 0", "pre/eleven y 0")
	})
}

func TestRetained(t *testing.T) {
	play(t, nil, func(w *world) {
		w.publish("a/1", "one", mqtt.QoS1, true)
		w.publish("a/2", "two", mqtt.QoS0, true)
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		id := d.subscribe("a/1", mqttsn.QoS1)
		m := &mqttsn.Publish{QoS: mqttsn.QoS1, Retain: true, TopicID: id, MsgID: 1, Data: []byte("one")}
		d.expect(m)
		// A SUBSCRIBE whose SUBACK got lost brings the SUBACK alone.
		d.send(&mqttsn.Subscribe{Dup: true, QoS: mqttsn.QoS1, MsgID: 77, TopicName: []byte("a/1")})
		d.expect(&mqttsn.SubAck{QoS: mqttsn.QoS1, TopicID: id, MsgID: 77})
		d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1})
		d.expectSilence(time.Second)
		d.send(&mqttsn.Publish{Retain: true, TopicID: id}) // an empty one clears it
		p := w.program("p", "a/#")
		p.expect("a/2 two 0 retained")
	})
}

func TestQoS1RepetitionIsNotPublishedTwice(t *testing.T) {
	play(t, nil, func(w *world) {
		p := w.program("p", "#")
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		id := d.register("a")
		m := &mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("x")}
		for range 3 {
			d.send(m)
			d.expect(&mqttsn.PubAck{TopicID: id, MsgID: 1})
			m.Dup = true
		}
		p.expect("a x 1")
		m.MsgID = 2
		d.send(m) // another id: another message, whatever DUP says
		p.expect("a x 1")
	})
}

func TestQoS2IsPublishedOnce(t *testing.T) {
	play(t, nil, func(w *world) {
		p := w.program("p", "#")
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		id := d.register("a")
		for range 3 {
			d.send(&mqttsn.Publish{QoS: mqttsn.QoS2, TopicID: id, MsgID: 1, Data: []byte("x")})
			d.expect(&mqttsn.PubRec{MsgID: 1})
		}
		for range 2 {
			d.send(&mqttsn.PubRel{MsgID: 1})
			d.expect(&mqttsn.PubComp{MsgID: 1})
		}
		p.expect("a x 2")
		d.send(&mqttsn.Publish{QoS: mqttsn.QoS2, TopicID: id, MsgID: 1, Data: []byte("y")})
		d.expect(&mqttsn.PubRec{MsgID: 1})
		p.expect("a y 2")
	})
}

func TestRetriesThenLost(t *testing.T) {
	play(t, nil, func(w *world) {
		p := w.program("watch", "will/#")
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", false, 6000, "will/c1", "gone")
		id := d.subscribe("t", mqttsn.QoS1)
		w.publish("t", "1", mqtt.QoS1, false)
		m := &mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("1")}
		d.expect(m)
		m.Dup = true
		for range w.gateway.cfg.NRetry {
			d.expectSilence(w.gateway.cfg.TRetry - 10*moment)
			d.expectWithin(20*moment, m)
		}
		p.expect()
		d.expectSilence(time.Minute)
		p.expect("will/c1 gone 1")
		d.connect("c1", false, 60) // the message is still there
		d.expect(&mqttsn.Register{TopicID: id, MsgID: 1, TopicName: []byte("t")})
		d.send(&mqttsn.RegAck{TopicID: id, MsgID: 1})
		d.expect(m)
	})
}

func TestDeviceForgotATopicID(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		id := d.subscribe("t", mqttsn.QoS1)
		w.publish("t", "1", mqtt.QoS1, false)
		m := &mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("1")}
		d.expect(m)
		d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1, ReturnCode: mqttsn.ReturnInvalidTopicID})
		d.expect(&mqttsn.Register{TopicID: id, MsgID: 1, TopicName: []byte("t")})
		d.send(&mqttsn.RegAck{TopicID: id, MsgID: 1})
		d.expect(m)
		d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1})

		w.publish("t", "2", mqtt.QoS0, false) // at QoS 0 the message is lost, the id is repaired
		d.expect(&mqttsn.Publish{TopicID: id, Data: []byte("2")})
		d.send(&mqttsn.PubAck{TopicID: id, ReturnCode: mqttsn.ReturnInvalidTopicID})
		w.publish("t", "3", mqtt.QoS0, false)
		d.expect(&mqttsn.Register{TopicID: id, MsgID: 2, TopicName: []byte("t")})
		d.send(&mqttsn.RegAck{TopicID: id, MsgID: 2})
		d.expect(&mqttsn.Publish{TopicID: id, Data: []byte("3")})
	})
}

func TestDeviceDoesNotKnowAPredefinedID(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		d.sendHex("07 12 21 00 07 00 0A")
		d.expectHex("08 13 20 00 0A 00 07 00")
		w.publish("pre/ten", "1", mqtt.QoS1, false)
		d.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicIDType: mqttsn.TopicPredefined, TopicID: 10, MsgID: 1, Data: []byte("1")})
		d.send(&mqttsn.PubAck{TopicID: 10, MsgID: 1, ReturnCode: mqttsn.ReturnInvalidTopicID})
		d.expect(&mqttsn.Register{TopicID: 1, MsgID: 1, TopicName: []byte("pre/ten")})
		d.send(&mqttsn.RegAck{TopicID: 1, MsgID: 1})
		d.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: 1, MsgID: 1, Data: []byte("1")})
	})
}

func TestDeviceThatNeverKnowsTheIDIsNotAskedForEver(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		id := d.subscribe("t", mqttsn.QoS1)
		w.publish("t", "1", mqtt.QoS1, false)
		for i := range maxRepairs + 1 {
			d.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("1")})
			d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1, ReturnCode: mqttsn.ReturnInvalidTopicID})
			if i < maxRepairs {
				d.expect(&mqttsn.Register{TopicID: id, MsgID: mqttsn.MsgID(i + 1), TopicName: []byte("t")})
				d.send(&mqttsn.RegAck{TopicID: id, MsgID: mqttsn.MsgID(i + 1)})
			}
		}
		d.expectSilence(time.Second)
		if n := w.broker.Stats().Dropped[broker.DropRefused]; n != 1 {
			t.Errorf("%d dropped as refused, want 1", n)
		}
	})
}

func TestCongestedDeviceIsLeftAlone(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 6000)
		id := d.subscribe("t", mqttsn.QoS1)
		w.publish("t", "1", mqtt.QoS1, false)
		m := &mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("1")}
		d.expect(m)
		d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1, ReturnCode: mqttsn.ReturnCongestion})
		w.publish("t", "2", mqtt.QoS0, false)
		d.expectSilence(w.gateway.cfg.TWait - time.Second)
		m.Dup = true
		d.expectWithin(2*time.Second, m)
		d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1})
		d.expect(&mqttsn.Publish{TopicID: id, Data: []byte("2")})
	})
}

func TestTooLargeForTheLink(t *testing.T) {
	play(t, func(_ *Config, o *LinkOptions) { o.MaxMessage = 60 }, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		id := d.subscribe("t", mqttsn.QoS1)
		w.publish("t", string(make([]byte, 100)), mqtt.QoS1, false)
		w.publish("t", "small", mqtt.QoS1, false)
		d.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 2, Data: []byte("small")})
		if n := w.broker.Stats().Dropped[broker.DropTooLarge]; n != 1 {
			t.Errorf("%d dropped as too large, want 1", n)
		}
	})
}

func TestTooManyTopics(t *testing.T) {
	play(t, func(c *Config, _ *LinkOptions) { c.MaxTopics = 2 }, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		d.register("a")
		d.subscribe("b", mqttsn.QoS0)
		d.send(&mqttsn.Register{MsgID: 1, TopicName: []byte("c")})
		d.expect(&mqttsn.RegAck{MsgID: 1, ReturnCode: mqttsn.ReturnCongestion})
		d.send(&mqttsn.Subscribe{MsgID: 2, TopicName: []byte("c")})
		d.expect(&mqttsn.SubAck{MsgID: 2, ReturnCode: mqttsn.ReturnCongestion})
		d.register("a") // a known one is no new one
	})
}

func TestStrangersAreAnsweredRarely(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		for range 10 {
			d.send(&mqttsn.PingReq{})
		}
		d.expect(&mqttsn.Disconnect{})
		d.expectSilence(2 * time.Second)
		d.send(&mqttsn.PingReq{})
		d.expect(&mqttsn.Disconnect{})
		// Nothing that is an answer itself is answered.
		d.expectSilence(2 * time.Second)
		for _, m := range []mqttsn.Message{&mqttsn.PubAck{MsgID: 1}, &mqttsn.RegAck{}, &mqttsn.PubRec{MsgID: 1}, &mqttsn.PubComp{MsgID: 1}, &mqttsn.PingResp{}, &mqttsn.ConnAck{}, &mqttsn.GwInfo{}} {
			d.send(m)
		}
		d.expectSilence(2 * time.Second)
	})
}

// A device that waits for PUBCOMP when the gateway has forgotten its address
// must not have to wait until it is tired of it.
func TestStrangersReleaseIsRefused(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.send(&mqttsn.PubRel{MsgID: 1})
		d.expect(&mqttsn.Disconnect{})
	})
}

func TestCloseTellsActiveDevices(t *testing.T) {
	play(t, nil, func(w *world) {
		d, sleeper := w.device("10.0.0.2:4000"), w.device("10.0.0.3:4000")
		d.connect("c1", true, 60)
		sleeper.connect("c2", true, 60)
		sleeper.sleep(60)
		w.gateway.Close()
		d.expect(&mqttsn.Disconnect{})
		sleeper.expectSilence(time.Second)
		w.gateway = New(w.gateway.cfg, NewEmbedded(w.broker)) // for play to close
		w.gateway.Start()
	})
}

// The device has the message, connects again, and only then its PUBREC arrives:
// the message must not be sent a second time under the same id.
func TestAnswerThatCrossesAReconnect(t *testing.T) {
	for _, qos := range []mqttsn.QoS{mqttsn.QoS1, mqttsn.QoS2} {
		t.Run(qos.String(), func(t *testing.T) {
			play(t, nil, func(w *world) {
				d := w.device("10.0.0.2:4000")
				d.connect("c1", false, 60)
				id := d.subscribe("t", qos)
				w.publish("t", "1", mqtt.QoS(qos), false)
				d.expect(&mqttsn.Publish{QoS: qos, TopicID: id, MsgID: 1, Data: []byte("1")})
				d.connect("c1", false, 60)
				d.expect(&mqttsn.Register{TopicID: id, MsgID: 1, TopicName: []byte("t")})
				if qos == mqttsn.QoS1 {
					d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1})
				} else {
					d.send(&mqttsn.PubRec{MsgID: 1})
					d.expect(&mqttsn.PubRel{MsgID: 1})
					d.send(&mqttsn.PubComp{MsgID: 1})
				}
				d.send(&mqttsn.RegAck{TopicID: id, MsgID: 1})
				d.expectSilence(time.Minute)
			})
		})
	}
}

func TestDiscovery(t *testing.T) {
	play(t, nil, func(w *world) {
		group := w.net.Link("225.1.1.1:1883")
		defer group.Close()
		listener := w.device("225.1.1.1:1884") // where ADVERTISE goes
		go w.gateway.ServeDiscovery(w.link, Discovery{
			Group: group, Every: 15 * time.Minute,
			To: func() []transport.Addr { return []transport.Addr{listener.conn.Addr()} },
		})
		for range 3 {
			listener.expectWithin(15*time.Minute, &mqttsn.Advertise{GwID: 1, Duration: 900})
		}
		d := w.device("10.0.0.2:4000")
		ask := func(m mqttsn.Message) {
			must(t, d.conn.Send(group.Addr(), encode(m)))
		}
		ask(&mqttsn.SearchGw{Radius: 1})
		ctx, cancel := context.WithTimeout(context.Background(), moment)
		defer cancel()
		from, b, err := d.conn.Recv(ctx)
		must(t, err)
		if from != memnet.ParseAddr(gatewayAddr) || string(b) != string(encode(&mqttsn.GwInfo{GwID: 1})) {
			t.Errorf("%v answered %s, want GWINFO from the service socket", from, mqttsn.Describe(b))
		}
		ask(&mqttsn.SearchGw{}) // too soon: many may ask at once
		ask(&mqttsn.Connect{ProtocolID: 1, ClientID: []byte("c1")})
		d.expectSilence(time.Second)
		if len(w.gateway.byID) != 0 {
			t.Error("a group socket took a CONNECT")
		}
		if err := w.gateway.ServeDiscovery(group, Discovery{Group: group}); err != ErrNotServed {
			t.Errorf("a service link that is not served: %v", err)
		}
	})
}

// A device that loses its memory in the middle of QoS 2 leaves identifiers
// behind; they must not block it for ever.
func TestForgottenQoS2IdsDoNotBlockADevice(t *testing.T) {
	play(t, nil, func(w *world) {
		p := w.program("p", "#")
		d := w.device("10.0.0.2:4000")
		d.connect("c1", false, 600)
		id := d.register("a")
		for i := range 300 {
			d.send(&mqttsn.Publish{QoS: mqttsn.QoS2, TopicID: id, MsgID: mqttsn.MsgID(i + 1), Data: []byte("x")})
			d.expect(&mqttsn.PubRec{MsgID: mqttsn.MsgID(i + 1)})
		}
		// The latest is still known by its id.
		d.send(&mqttsn.Publish{QoS: mqttsn.QoS2, TopicID: id, MsgID: 300, Data: []byte("x")})
		d.expect(&mqttsn.PubRec{MsgID: 300})
		p.pull()
		if len(p.got) != 300 {
			t.Errorf("%d messages arrived, want 300", len(p.got))
		}
	})
}
