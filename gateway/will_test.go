package gateway

import (
	"strings"
	"testing"
	"time"

	"snbroker/mqttsn"
)

// noSecrets lets nobody publish below "secret".
type noSecrets struct{}

func (noSecrets) CanPublish(_ any, _, topic string) bool { return !strings.HasPrefix(topic, "secret/") }
func (noSecrets) CanSubscribe(any, string, string) bool  { return true }
func (noSecrets) CanReceive(any, string, string) bool    { return true }

// A device learns at once that it may not have a will, and loses nothing by it.
func TestForbiddenWill(t *testing.T) {
	play(t, nil, func(w *world) {
		w.broker.Authorize(noSecrets{})
		p := w.program("watch", "#")
		d := w.device("10.0.0.2:4000")
		refused := func() {
			t.Helper()
			d.send(&mqttsn.Connect{ProtocolID: 1, Will: true, Duration: 10, ClientID: []byte("c1")})
			d.expect(&mqttsn.WillTopicReq{})
			d.send(&mqttsn.WillTopic{WillTopic: []byte("secret/will")})
			d.expect(&mqttsn.ConnAck{ReturnCode: mqttsn.ReturnNotSupported})
		}
		refused()
		d.send(&mqttsn.PingReq{})
		d.expect(&mqttsn.Disconnect{}) // it is a stranger

		d.connectWithWill("c1", false, 10, "will", "gone")
		d.send(&mqttsn.PingReq{}) // what follows is no repetition
		d.expect(&mqttsn.PingResp{})
		refused()
		d.send(&mqttsn.PingReq{})
		d.expect(&mqttsn.PingResp{}) // what was before goes on
		d.send(&mqttsn.WillTopicUpd{WillTopic: []byte("secret/will")})
		d.expect(&mqttsn.WillTopicResp{ReturnCode: mqttsn.ReturnNotSupported})
		d.expectSilence(20 * time.Second)
		p.expect("will gone 1")
		if n := w.gateway.Stats().ConnectRefused[mqttsn.ReturnNotSupported]; n != 2 {
			t.Errorf("%d refusals counted", n)
		}
	})
}

// Rights that were taken away while the gateway was not running cost the will, not
// the session.
func TestForbiddenWillAfterARestart(t *testing.T) {
	playOnDisk(t, func(w *lasting) {
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", false, 60, "secret/will", "gone")
		d.sleep(60)
		w.rights = noSecrets{}
		w.restart()
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		d.expect(&mqttsn.PingResp{})
	})
}

// A will that was given up is not there again after a restart, also if it had been
// out of use before.
func TestWillGivenUpAfterLeaving(t *testing.T) {
	playOnDisk(t, func(w *lasting) {
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", false, 60, "will", "gone")
		d.send(&mqttsn.Disconnect{})
		d.expect(&mqttsn.Disconnect{})
		w.restart() // it is not known to have left
		d.send(&mqttsn.Connect{ProtocolID: 1, Will: true, Duration: 60, ClientID: []byte("c1")})
		d.expect(&mqttsn.WillTopicReq{})
		d.send(&mqttsn.WillTopic{})
		d.expect(&mqttsn.ConnAck{})
		w.restart()
		p := w.program("watch", "will")
		d.connect("c1", false, 60)
		d.expectSilence(2 * tolerated(60))
		p.expect()
	})
}
