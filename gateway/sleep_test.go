package gateway

import (
	"fmt"
	"testing"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
)

func TestSleeperGetsAllInOrder(t *testing.T) {
	const messages = 2000
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		id := d.subscribe("a/b", mqttsn.QoS1)
		sent, got := 0, 0
		for cycle := range 3 {
			d.sleep(300)
			for ; sent < messages*(cycle+1)/3; sent++ {
				w.publish("a/b", fmt.Sprint(sent), mqtt.QoS1, false)
			}
			d.expectSilence(100 * time.Second)
			d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
			for ; got < sent; got++ {
				m := &mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: mqttsn.MsgID(got + 1), Data: []byte(fmt.Sprint(got))}
				d.expect(m)
				d.send(&mqttsn.PubAck{TopicID: id, MsgID: m.MsgID})
			}
			d.expect(&mqttsn.PingResp{})
		}
		if got != messages {
			t.Fatalf("got %d messages, want %d", got, messages)
		}
	})
}

func TestSleepBuffersQoS0AndQoS2(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		id := d.subscribe("t", mqttsn.QoS2)
		d.sleep(60)
		w.publish("t", "zero", mqtt.QoS0, false)
		w.publish("t", "two", mqtt.QoS2, false)
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		d.expect(&mqttsn.Publish{TopicID: id, Data: []byte("zero")},
			&mqttsn.Publish{QoS: mqttsn.QoS2, TopicID: id, MsgID: 1, Data: []byte("two")})
		d.send(&mqttsn.PubRec{MsgID: 1})
		d.expect(&mqttsn.PubRel{MsgID: 1})
		// PINGRESP ends the wake only after the last acknowledgement.
		d.expectSilence(time.Second)
		d.send(&mqttsn.PubComp{MsgID: 1})
		d.expect(&mqttsn.PingResp{})
	})
}

func TestMessagesDuringTheFlushAreAppended(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		id := d.subscribe("t", mqttsn.QoS1)
		d.sleep(60)
		w.publish("t", "1", mqtt.QoS1, false)
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		d.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("1")})
		w.publish("t", "2", mqtt.QoS1, false)
		// A second PINGREQ is a repetition: nothing but one PINGRESP comes of it.
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		d.expectSilence(time.Second)
		d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1})
		d.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 2, Data: []byte("2")})
		d.send(&mqttsn.PubAck{TopicID: id, MsgID: 2})
		d.expect(&mqttsn.PingResp{})
		d.expectSilence(time.Second)
	})
}

func TestAwakeDeviceThatFallsSilentKeepsItsMessage(t *testing.T) {
	play(t, nil, func(w *world) {
		p := w.program("watch", "will/#")
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", true, 60, "will/c1", "gone")
		id := d.subscribe("t", mqttsn.QoS1)
		d.sleep(600)
		w.publish("t", "1", mqtt.QoS1, false)
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		m := &mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("1")}
		d.expect(m)
		m.Dup = true
		for range w.gateway.cfg.NRetry {
			d.expectWithin(w.gateway.cfg.TRetry, m)
		}
		// Given up: asleep again without PINGRESP, the sleep timer from its start.
		d.expectSilence(600 * time.Second)
		p.expect()
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		d.expect(m)
		d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1})
		d.expect(&mqttsn.PingResp{})
	})
}

func TestUnfinishedQoS2GoesOnAtTheNextWake(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		id := d.subscribe("t", mqttsn.QoS2)
		d.sleep(600)
		w.publish("t", "x", mqtt.QoS2, false)
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		d.expect(&mqttsn.Publish{QoS: mqttsn.QoS2, TopicID: id, MsgID: 1, Data: []byte("x")})
		d.send(&mqttsn.PubRec{MsgID: 1})
		for range w.gateway.cfg.NRetry + 1 {
			d.expectWithin(w.gateway.cfg.TRetry, &mqttsn.PubRel{MsgID: 1})
		}
		d.expectSilence(100 * time.Second)
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		d.expect(&mqttsn.PubRel{MsgID: 1})
		d.send(&mqttsn.PubComp{MsgID: 1})
		d.expect(&mqttsn.PingResp{})
	})
}

func TestSleepExpiryFiresTheWill(t *testing.T) {
	for _, c := range []struct {
		sleep uint16
		lost  time.Duration
	}{{30, 45 * time.Second}, {60, 90 * time.Second}, {600, 660 * time.Second}} {
		t.Run(fmt.Sprint(c.sleep), func(t *testing.T) {
			play(t, nil, func(w *world) {
				p := w.program("watch", "will/#")
				d := w.device("10.0.0.2:4000")
				d.connectWithWill("c1", false, 10, "will/c1", "gone")
				d.sleep(c.sleep)
				d.expectSilence(c.lost - time.Second)
				p.expect()
				d.expectSilence(2 * time.Second)
				p.expect("will/c1 gone 1")
				// It is told to connect when it speaks.
				d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
				d.expect(&mqttsn.Disconnect{})
			})
		})
	}
}

func TestDisconnectWithAnotherDuration(t *testing.T) {
	play(t, nil, func(w *world) {
		p := w.program("watch", "will/#")
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", true, 10, "will/c1", "gone")
		id := d.subscribe("t", mqttsn.QoS1)
		d.sleep(60)
		w.publish("t", "1", mqtt.QoS1, false)
		d.sleep(3600)
		d.expectSilence(3000 * time.Second)
		p.expect()
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		d.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("1")})
		d.sleep(100) // awake, in mid-flush: the message stays
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		d.expect(&mqttsn.Publish{Dup: true, QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("1")})
		d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1})
		d.expect(&mqttsn.PingResp{})
		d.send(&mqttsn.Disconnect{}) // a sleeper may leave
		d.expect(&mqttsn.Disconnect{})
		d.expectSilence(time.Hour)
		p.expect()
	})
}

func TestReturnFromSleepByConnect(t *testing.T) {
	for _, clean := range []bool{false, true} {
		t.Run(fmt.Sprint("clean=", clean), func(t *testing.T) {
			play(t, nil, func(w *world) {
				d := w.device("10.0.0.2:4000")
				d.connect("c1", true, 60)
				id := d.subscribe("t", mqttsn.QoS1)
				d.sleep(60)
				w.publish("t", "1", mqtt.QoS1, false)
				d.connect("c1", clean, 60)
				if clean {
					d.expectSilence(time.Second) // a new session
					return
				}
				// The ids are still valid: no REGISTER within a sleep cycle.
				d.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("1")})
			})
		})
	}
}

func TestWakeFromANewAddress(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		id := d.subscribe("t", mqttsn.QoS1)
		d.sleep(600)
		w.publish("t", "1", mqtt.QoS1, false)
		moved := w.device("10.0.0.2:4001")
		moved.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		moved.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("1")})
		moved.send(&mqttsn.PubAck{TopicID: id, MsgID: 1})
		moved.expect(&mqttsn.PingResp{})
		// The old address is nobody's now.
		d.send(&mqttsn.PingReq{})
		d.expect(&mqttsn.Disconnect{})
	})
}

func TestWakeFromANewAddressMayBeForbidden(t *testing.T) {
	play(t, func(c *Config, _ *LinkOptions) { c.AddressChange = false }, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		d.sleep(600)
		moved := w.device("10.0.0.2:4001")
		moved.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		moved.expect(&mqttsn.Disconnect{})
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		d.expect(&mqttsn.PingResp{})
	})
}

func TestSleeperMayPublishAndStaysAsleep(t *testing.T) {
	play(t, nil, func(w *world) {
		p := w.program("p", "pre/#")
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		d.subscribe("t", mqttsn.QoS1)
		d.sleep(60)
		w.publish("t", "kept", mqtt.QoS1, false)
		d.send(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicIDType: mqttsn.TopicPredefined, TopicID: 10, MsgID: 9, Data: []byte("x")})
		d.expect(&mqttsn.PubAck{TopicID: 10, MsgID: 9})
		p.expect("pre/ten x 1")
		d.expectSilence(80 * time.Second) // less than 60 s × 1.5 since then
		d.send(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicIDType: mqttsn.TopicPredefined, TopicID: 10, MsgID: 10, Data: []byte("y")})
		d.expect(&mqttsn.PubAck{TopicID: 10, MsgID: 10})
		p.expect("pre/ten y 1")
	})
}

func TestWakeIsBounded(t *testing.T) {
	play(t, func(c *Config, _ *LinkOptions) { c.MaxWakeMessages = 2 }, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		id := d.subscribe("t", mqttsn.QoS0)
		d.sleep(60)
		for i := range 3 {
			w.publish("t", fmt.Sprint(i), mqtt.QoS0, false)
		}
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		d.expect(&mqttsn.Publish{TopicID: id, Data: []byte("0")}, &mqttsn.Publish{TopicID: id, Data: []byte("1")}, &mqttsn.PingResp{})
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		d.expect(&mqttsn.Publish{TopicID: id, Data: []byte("2")}, &mqttsn.PingResp{})
	})
}
