package gateway

import (
	"testing"

	"snbroker/internal/mqtt"
	"snbroker/mapping"
	"snbroker/mqttsn"
)

// A device that connected again may have forgotten its topic ids: the gateway
// knows that after a restart, too.
func TestTopicIDsInDoubtOverRestart(t *testing.T) {
	playOnDisk(t, func(w *lasting) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", false, 60)
		id := d.subscribe("a", mqttsn.QoS1)
		d.connect("c1", false, 60) // switched off and on
		d.sleep(600)
		w.publish("a", "x", mqtt.QoS1, false)
		w.settle()
		w.restart()
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		d.expect(&mqttsn.Register{TopicID: id, MsgID: 1, TopicName: []byte("a")})
	})
}

// A predefined id that means something else since the session was made is not used
// for what it meant.
func TestPredefinedIDsChangeWhileADeviceIsAway(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", false, 600)
		d.usesPredefined()
		d.send(&mqttsn.Disconnect{})
		d.expect(&mqttsn.Disconnect{})
		w.gateway.Reconfigure(w.otherPredefined())
		d.connect("c1", false, 600)
		w.publish("pre/ten", "x", mqtt.QoS0, false)
		d.expect(&mqttsn.Register{TopicID: 1, MsgID: 1, TopicName: []byte("pre/ten")})
	})
	playOnDisk(t, func(w *lasting) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", false, 600)
		d.usesPredefined()
		d.sleep(600)
		w.gateway.cfg = w.otherPredefined()
		w.restart()
		w.publish("pre/ten", "x", mqtt.QoS0, false)
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		d.expect(&mqttsn.Register{TopicID: 1, MsgID: 1, TopicName: []byte("pre/ten")})
	})
}

func (d *device) usesPredefined() {
	d.w.t.Helper()
	d.send(&mqttsn.Subscribe{MsgID: 1, TopicIDType: mqttsn.TopicPredefined, TopicID: 10})
	d.expect(&mqttsn.SubAck{TopicID: 10, MsgID: 1})
}

// otherPredefined has another meaning for the id 10.
func (w *world) otherPredefined() Config {
	cfg := w.gateway.cfg
	cfg.Predefined = new(mapping.Predefined)
	must(w.t, cfg.Predefined.Add("", 10, "pre/other"))
	return cfg
}

// A message at QoS 1 or 2 is not taken for a repetition of one that an earlier
// session has sent, whose topic ids were others.
func TestRepetitionIsOfTheSession(t *testing.T) {
	play(t, nil, func(w *world) {
		p := w.program("watch", "#")
		d := w.device("10.0.0.2:4000")
		for _, topic := range []string{"a", "b"} {
			d.connect("c1", true, 600)
			id := d.register(topic)
			d.send(&mqttsn.Publish{Dup: topic == "b", QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("x")})
			d.expect(&mqttsn.PubAck{TopicID: id, MsgID: 1})
			p.expect(topic + " x 1")
		}
	})
}
