package gateway

import (
	"testing"
	"testing/synctest"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
)

// A topic id that a device was told by REGISTER means the same after a restart.
func TestRegisterWaitsForTheDisk(t *testing.T) {
	playOnDisk(t, func(w *lasting) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", false, 600)
		d.subscribe("+", mqttsn.QoS0)
		w.settle()
		w.fs.Hold()
		w.publish("a", "x", mqtt.QoS0, false)
		d.expectSilence(time.Minute)
		w.fs.Release()
		synctest.Wait()
		d.expect(&mqttsn.Register{TopicID: 1, MsgID: 1, TopicName: []byte("a")})
		d.send(&mqttsn.RegAck{TopicID: 1, MsgID: 1})
		d.expect(&mqttsn.Publish{TopicID: 1, Data: []byte("x")})
	})
	// It goes on at the next wake if the device has to wait longer than it is awake,
	// and after another CONNECT.
	playOnDisk(t, func(w *lasting) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", false, 600)
		d.subscribe("+", mqttsn.QoS1)
		d.sleep(600)
		w.publish("a", "x", mqtt.QoS1, false)
		w.settle()
		w.fs.Hold()
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		d.send(&mqttsn.RegAck{TopicID: 1, MsgID: 1}) // nobody has asked for it
		d.expectSilence(time.Minute)
		d.send(&mqttsn.Connect{ProtocolID: 1, Duration: 600, ClientID: []byte("c1")})
		w.fs.Release()
		synctest.Wait()
		d.expect(&mqttsn.ConnAck{}, &mqttsn.Register{TopicID: 1, MsgID: 2, TopicName: []byte("a")})
		d.send(&mqttsn.RegAck{TopicID: 1, MsgID: 2})
		d.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: 1, MsgID: 1, Data: []byte("x"), Dup: true})
	})
}
