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
