package gateway

import (
	"testing"

	"snbroker/broker"
	"snbroker/internal/store"
	"snbroker/mqttsn"
)

// What a failing disk has refused may be asked for again.
func TestFailingDiskIsCongestion(t *testing.T) {
	for _, trouble := range []error{store.ErrFull, store.ErrBroken} {
		playOnDisk(t, func(w *lasting) {
			d := w.device("10.0.0.2:4000")
			d.connect("c1", true, 600)
			id := d.register("a")
			w.trouble = trouble
			for _, qos := range []mqttsn.QoS{mqttsn.QoS1, mqttsn.QoS2} {
				d.send(&mqttsn.Publish{QoS: qos, TopicID: id, MsgID: 1, Data: []byte("x")})
				d.expect(&mqttsn.PubAck{TopicID: id, MsgID: 1, ReturnCode: mqttsn.ReturnCongestion})
			}
			d.send(&mqttsn.Subscribe{MsgID: 2, TopicName: []byte("a")})
			d.expect(&mqttsn.SubAck{MsgID: 2, ReturnCode: mqttsn.ReturnCongestion})
		})
	}
}

// A request that comes when the session has just been given to another client has
// changed nothing, and is not answered as if it had.
func TestNoAnswerForASessionThatWasTakenOver(t *testing.T) {
	playOnDisk(t, func(w *lasting) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", false, 600)
		d.subscribe("a", mqttsn.QoS0)
		id := d.register("b")
		d.send(&mqttsn.Publish{QoS: mqttsn.QoS2, TopicID: id, MsgID: 7})
		d.expect(&mqttsn.PubRec{MsgID: 7})
		w.gateway.beginTurn()
		var turn broker.Turn
		_, _, err := w.broker.Connect(broker.ConnectOptions{ClientID: "c1", Expiry: broker.Never}, &program{}, &turn)
		must(t, err)
		w.settle()
		s := w.gateway.byID["c1"]
		s.pubRel(&mqttsn.PubRel{MsgID: 7})
		s.unsubscribe(&mqttsn.Unsubscribe{MsgID: 8, TopicName: []byte("a")})
		s.register(&mqttsn.Register{MsgID: 9, TopicName: []byte("c")})
		s.subscribe(&mqttsn.Subscribe{MsgID: 10, TopicName: []byte("d")}, make([]byte, 9))
		w.broker.End(&turn)
		w.gateway.endTurn()
		d.expect(&mqttsn.SubAck{MsgID: 10, ReturnCode: mqttsn.ReturnCongestion}, &mqttsn.Disconnect{})
	})
}

// A subscription whose record waits for a disk that fails is not acknowledged, nor is
// its end; one that was there before is.
func TestSubscriptionsOnAFailingDisk(t *testing.T) {
	playOnDisk(t, func(w *lasting) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", false, 600)
		w.fs.Hold()
		d.send(&mqttsn.Subscribe{MsgID: 1, TopicName: []byte("a")})
		w.trouble = store.ErrBroken
		d.send(&mqttsn.PingReq{})
		d.expect(&mqttsn.PingResp{})
		d.send(&mqttsn.Subscribe{MsgID: 2, TopicName: []byte("a")})
		d.expectSilence(moment)
		d.send(&mqttsn.Unsubscribe{MsgID: 3, TopicName: []byte("a")})
		d.expectSilence(moment)
	})
}
