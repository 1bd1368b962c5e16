package gateway

import (
	"testing"
	"testing/synctest"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
)

// A device is not lost while what it has answered waits for the disk.
func TestPubRecWaitsForASlowDisk(t *testing.T) {
	playOnDisk(t, func(w *lasting) {
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", true, 600, "will", "gone")
		id := d.subscribe("a", mqttsn.QoS2)
		w.publish("a", "x", mqtt.QoS2, false)
		w.settle()
		synctest.Wait()
		m := &mqttsn.Publish{QoS: mqttsn.QoS2, TopicID: id, MsgID: 1, Data: []byte("x")}
		d.expect(m)
		w.fs.Hold()
		d.send(&mqttsn.PubRec{MsgID: 1})
		d.expectSilence(2 * time.Minute)
		w.fs.Release()
		synctest.Wait()
		d.expect(&mqttsn.PubRel{MsgID: 1})
		d.send(&mqttsn.PubComp{MsgID: 1})
		d.send(&mqttsn.PingReq{})
		d.expect(&mqttsn.PingResp{})
	})
}

// A device may send PUBREC again that it sent before a restart. The PUBREL has to
// wait until the message is known to be with it: it would be new to it otherwise
// when it comes again.
func TestPubRecOfAQueuedMessage(t *testing.T) {
	playOnDisk(t, func(w *lasting) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", false, 600)
		id := d.subscribe("a", mqttsn.QoS2)
		one := &mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("one")}
		two := &mqttsn.Publish{QoS: mqttsn.QoS2, TopicID: id, MsgID: 2, Data: []byte("two")}
		w.publish("a", "one", mqtt.QoS1, false)
		w.publish("a", "two", mqtt.QoS2, false)
		w.settle()
		w.fs.Hold()
		d.expect(one)
		d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1})
		d.expect(two)
		d.send(&mqttsn.PubRec{MsgID: 2})
		w.restart()
		d.connect("c1", false, 600)
		d.expect(&mqttsn.Register{TopicID: id, MsgID: 1, TopicName: []byte("a")})
		d.send(&mqttsn.PubRec{MsgID: 2})
		d.expectSilence(time.Second)
		d.send(&mqttsn.RegAck{TopicID: id, MsgID: 1})
		one.Dup, two.Dup = true, true
		d.expect(one)
		d.send(&mqttsn.PubRec{MsgID: 2})
		d.expectSilence(time.Second)
		d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1})
		d.expect(two)
		d.send(&mqttsn.PubRec{MsgID: 2})
		d.expect(&mqttsn.PubRel{MsgID: 2})
	})
}

// A PUBREC that the network held back is not about a message that has the same
// MsgId now, and waits for its topic to be registered.
func TestPubRecOfAMessageThatWasNotSent(t *testing.T) {
	play(t, nil, func(w *world) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 600)
		d.subscribe("+", mqttsn.QoS2)
		w.publish("a", "x", mqtt.QoS2, false)
		d.expect(&mqttsn.Register{TopicID: 1, MsgID: 1, TopicName: []byte("a")})
		d.send(&mqttsn.PubRec{MsgID: 1})
		d.expectSilence(time.Second)
		d.send(&mqttsn.RegAck{TopicID: 1, MsgID: 1})
		d.expect(&mqttsn.Publish{QoS: mqttsn.QoS2, TopicID: 1, MsgID: 1, Data: []byte("x")})
	})
}

// A refusal of its topic id that the network held back does not count
// against a message that the device has.
func TestRefusalBehindPubRec(t *testing.T) {
	playOnDisk(t, func(w *lasting) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 600)
		id := d.subscribe("a", mqttsn.QoS2)
		w.publish("a", "x", mqtt.QoS2, false)
		w.settle()
		synctest.Wait()
		d.expect(&mqttsn.Publish{QoS: mqttsn.QoS2, TopicID: id, MsgID: 1, Data: []byte("x")})
		w.fs.Hold()
		d.send(&mqttsn.PubRec{MsgID: 1})
		d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1, ReturnCode: mqttsn.ReturnInvalidTopicID})
		d.expectSilence(time.Second)
		w.fs.Release()
		synctest.Wait()
		d.expect(&mqttsn.PubRel{MsgID: 1})
	})
}
