package gateway

import (
	"testing"
	"testing/synctest"
	"time"

	"snbroker/mqttsn"
)

// A DISCONNECT is answered when no will can come back that the device gave up just
// before.
func TestDisconnectBehindAWillThatIsGivenUp(t *testing.T) {
	for name, giveUp := range map[string]func(d *device){
		"upd": func(d *device) { d.send(&mqttsn.WillTopicUpd{}) },
		"connect": func(d *device) {
			d.send(&mqttsn.Connect{ProtocolID: 1, CleanSession: true, Duration: 60, ClientID: []byte("c1")})
		},
	} {
		t.Run(name, func(t *testing.T) {
			playOnDisk(t, func(w *lasting) {
				d := w.device("10.0.0.2:4000")
				d.connectWithWill("c1", true, 60, "will", "gone")
				w.fs.Hold()
				giveUp(d)
				d.send(&mqttsn.Disconnect{})
				d.expectSilence(time.Second)
				w.fs.Release()
			})
		})
	}
}

// So it is by a device whose CONNACK has to wait, with a will that may be on the
// disk already.
func TestDisconnectBeforeConnAck(t *testing.T) {
	playOnDisk(t, func(w *lasting) {
		d := w.device("10.0.0.2:4000")
		d.send(&mqttsn.Connect{ProtocolID: 1, Will: true, Duration: 60, ClientID: []byte("c1")})
		d.send(&mqttsn.WillTopic{QoS: mqttsn.QoS1, WillTopic: []byte("will")})
		d.expect(&mqttsn.WillTopicReq{}, &mqttsn.WillMsgReq{})
		w.fs.Hold()
		d.send(&mqttsn.WillMsg{WillMsg: []byte("gone")})
		d.send(&mqttsn.Disconnect{Duration: 600}) // it may not sleep yet
		d.send(&mqttsn.Disconnect{})
		d.expectSilence(time.Second)
		w.fs.Release()
		synctest.Wait()
		d.expect(&mqttsn.Disconnect{})
		d.expectSilence(time.Second)
		stats := w.gateway.Stats()
		if n := stats.Devices(Active) + stats.Devices(Connecting); n != 0 {
			t.Errorf("%d devices are there", n)
		}
		d.connect("c1", true, 60)
	})
}

// A DISCONNECT does not leave with the answer to an earlier one.
func TestDisconnectAfterSleep(t *testing.T) {
	playOnDisk(t, func(w *lasting) {
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", true, 60, "will", "gone")
		w.fs.Hold()
		d.send(&mqttsn.Disconnect{Duration: 300})
		d.send(&mqttsn.Disconnect{})
		s := w.gateway.byID["c1"]
		s.Done(Token{Request: mqttsn.TypeDisconnect}, 0) // the first one's is on the disk
		synctest.Wait()
		if s.conn == nil {
			t.Error("it has left before that is on the disk")
		}
		d.expectSilence(time.Second)
		w.fs.Release()
		synctest.Wait()
		d.expect(&mqttsn.Disconnect{})
		if s.conn != nil {
			t.Error("it is there")
		}
	})
}

// A device that connects from elsewhere while its DISCONNECT waits is connected.
func TestConnectElsewhereWhileDisconnectWaits(t *testing.T) {
	playOnDisk(t, func(w *lasting) {
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", false, 60, "will", "gone")
		w.fs.Hold()
		d.send(&mqttsn.Disconnect{})
		moved := w.device("10.0.0.3:4000")
		moved.send(&mqttsn.Connect{ProtocolID: 1, Will: true, Duration: 60, ClientID: []byte("c1")})
		moved.send(&mqttsn.WillTopic{QoS: mqttsn.QoS1, WillTopic: []byte("will")})
		moved.send(&mqttsn.WillMsg{WillMsg: []byte("again")})
		moved.expect(&mqttsn.WillTopicReq{}, &mqttsn.WillMsgReq{})
		d.expect(&mqttsn.Disconnect{}) // it moved
		w.fs.Release()
		synctest.Wait()
		moved.expect(&mqttsn.ConnAck{})
		moved.send(&mqttsn.PingReq{})
		moved.expect(&mqttsn.PingResp{})
	})
}

// What a device was promised before it connects anew comes before its CONNACK: it
// would take it for answers to what it asks next.
func TestOldAnswersComeBeforeConnAck(t *testing.T) {
	playOnDisk(t, func(w *lasting) {
		d := w.device("10.0.0.2:4000")
		d.connect("c1", true, 60)
		w.fs.Hold()
		d.send(&mqttsn.Subscribe{MsgID: 1, TopicName: []byte("a")})
		d.send(&mqttsn.Connect{ProtocolID: 1, CleanSession: true, Duration: 60, ClientID: []byte("c1")})
		d.expectSilence(time.Second)
		w.fs.Release()
		synctest.Wait()
		d.expect(&mqttsn.SubAck{TopicID: 1, MsgID: 1}, &mqttsn.ConnAck{})
	})
}

// A device whose DISCONNECT with a Duration was lost with the power may not take
// anything for its answer: its session is not asleep.
func TestStrangersMayNotSleep(t *testing.T) {
	playOnDisk(t, func(w *lasting) {
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", true, 60, "will", "gone")
		w.fs.Hold()
		d.send(&mqttsn.Disconnect{Duration: 3600})
		d.expectSilence(time.Second)
		w.restart()
		d.send(&mqttsn.Disconnect{Duration: 3600})
		d.expectSilence(time.Second)
		d.connect("c1", true, 60)
		d.sleep(3600)
	})
}
