package gateway

import (
	"fmt"
	"testing"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/internal/tap"
	"snbroker/mqttsn"
)

func TestDevices(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		id := d.subscribe("a/b", mqttsn.QoS1)
		w.publish("a/b", "x", mqtt.QoS1, false)
		m := &mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("x")}
		d.expect(m)
		time.Sleep(80 * time.Millisecond)
		d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1})
		d.sleep(300)
		now := time.Now()
		list := w.gateway.Devices([]string{"nobody", "c1"})
		if len(list) != 2 || list[0].State != Disconnected {
			t.Fatalf("%+v", list)
		}
		got := list[1]
		if got.State != Asleep || got.Peer != "10.0.0.2:4000" || got.KeepAlive != time.Minute || got.Sleep != 5*time.Minute || !got.Clean || got.Retries != 0 {
			t.Errorf("%+v", got)
		}
		if late := got.RoundTrip - 80*time.Millisecond; late < 0 || late > time.Millisecond {
			t.Errorf("it took %v to answer", got.RoundTrip)
		}
		if due := got.WakeDue.Sub(now); due != 5*time.Minute || got.LostAt.Sub(now) != 5*time.Minute+30*time.Second {
			t.Errorf("due in %v", due)
		}
		info, _ := w.broker.Session("c1")
		if topics := TopicsOf(info.Kept); len(topics) != 1 || topics[0].Name != "a/b" || topics[0].ID != id {
			t.Errorf("%+v", topics)
		}
		if s := w.gateway.Stats(); s.RoundTrips != 1 || s.RoundTripTime != got.RoundTrip {
			t.Errorf("%d in %v", s.RoundTrips, s.RoundTripTime)
		}
		if TopicsOf(nil) != nil {
			t.Error("topics of nothing")
		}
	})
}

func TestRetriesAreCounted(t *testing.T) {
	play(t, func(c *Config, _ *LinkOptions) { c.TRetry = time.Second }, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		id := d.subscribe("a/b", mqttsn.QoS1)
		w.publish("a/b", "x", mqtt.QoS1, false)
		d.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("x")})
		d.expectWithin(2*time.Second, &mqttsn.Publish{Dup: true, QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("x")})
		d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1})
		if got := w.gateway.Devices([]string{"c1"})[0]; got.Retries != 1 || got.RoundTrip != 0 {
			t.Errorf("%+v", got)
		}
	})
}

// What comes and goes is seen by who watches, with what it is about.
func TestTrace(t *testing.T) {
	shown := new(tap.Tap)
	play(t, func(c *Config, _ *LinkOptions) { c.Tap = shown }, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("early", true, 60)
		watch := shown.Watch(tap.Filter{ClientID: "c1"})
		other := w.device("10.0.0.3:4000")
		other.node = "\x01\x02"
		other.connect("c1", true, 60)
		other.subscribe("a/b", mqttsn.QoS0)
		other.send(&mqttsn.Publish{TopicIDType: mqttsn.TopicPredefined, TopicID: 10, Data: []byte("x")})
		d.send(&mqttsn.PingReq{})
		watch.Close()
		var lines []string
		for len(watch.Packets()) > 0 {
			p := <-watch.Packets()
			lines = append(lines, fmt.Sprintf("%v %s %q %s %s", p.Out, p.State, p.Topic, p.Peer, mqttsn.Describe(p.Octets)))
		}
		const at = "10.0.0.3:4000 forwarding 0102 ENCAPSULATED radius=0 nodeid=0102: "
		expectLines(t, lines,
			`false  "" `+at+`CONNECT clean duration=60 clientid="c1"`,
			`true connecting "" `+at+`CONNACK rc=accepted`,
			`false active "a/b" `+at+`SUBSCRIBE qos=0 topic="a/b" msgid=77`,
			`true active "a/b" `+at+`SUBACK qos=0 topicid=1 msgid=77 rc=accepted`,
			`false active "pre/ten" `+at+`PUBLISH qos=0 topic=predefined:10 msgid=0 len=1`)
	})
}
