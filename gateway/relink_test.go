package gateway

import (
	"testing"
	"testing/synctest"
	"time"

	"snbroker/mqttsn"
)

// Rules that change hold at once, and for those who are there if they would not be
// let in.
func TestRelink(t *testing.T) {
	for _, tc := range []struct {
		name  string
		rules LinkOptions
		stays bool
		comes mqttsn.ReturnCode
		qosM1 bool
	}{
		{"as before", LinkOptions{Anonymous: true, QoSMinusOne: true}, true, mqttsn.ReturnAccepted, true},
		{"no strangers", LinkOptions{QoSMinusOne: true}, false, mqttsn.ReturnNotSupported, false},
		{"only others", LinkOptions{Anonymous: true, ClientIDs: []string{"x-*"}}, false, mqttsn.ReturnNotSupported, false},
		{"only this one", LinkOptions{Anonymous: true, ClientIDs: []string{"the*"}}, true, mqttsn.ReturnNotSupported, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			play(t, nil, func(w *world) {
				there, comes := w.device("10.0.0.2:1"), w.device("10.0.0.3:1")
				there.connect("there", true, 60)
				there.send(&mqttsn.Subscribe{MsgID: 1, TopicIDType: mqttsn.TopicPredefined, TopicID: 10})
				there.expect(&mqttsn.SubAck{MsgID: 1, TopicID: 10})
				gone := w.gateway.Relink(w.link, tc.rules)
				synctest.Wait()
				if gone > 0 == tc.stays {
					t.Errorf("%d are gone", gone)
				}
				if !tc.stays {
					there.expect(&mqttsn.Disconnect{})
				}
				comes.send(&mqttsn.Connect{ProtocolID: 1, CleanSession: true, Duration: 60, ClientID: []byte("comes")})
				comes.expect(&mqttsn.ConnAck{ReturnCode: tc.comes})
				comes.send(&mqttsn.Publish{QoS: mqttsn.QoSMinusOne, TopicIDType: mqttsn.TopicPredefined, TopicID: 10, Data: []byte("x")})
				if tc.qosM1 {
					there.expect(&mqttsn.Publish{TopicIDType: mqttsn.TopicPredefined, TopicID: 10, Data: []byte("x")})
				} else if b := there.hear(time.Second); b != nil {
					t.Errorf("heard %x", b)
				}
			})
		})
	}
}

// A link goes: who is awake is told, who sleeps wakes at another one.
func TestUnlink(t *testing.T) {
	play(t, nil, func(w *world) {
		awake, sleeper := w.device("10.0.0.2:1"), w.device("10.0.0.3:1")
		awake.connect("awake", false, 60)
		sleeper.connect("sleeper", false, 60)
		sleeper.send(&mqttsn.Subscribe{MsgID: 1, TopicIDType: mqttsn.TopicPredefined, TopicID: 10})
		sleeper.expect(&mqttsn.SubAck{MsgID: 1, TopicID: 10})
		sleeper.send(&mqttsn.Disconnect{Duration: 600})
		sleeper.expect(&mqttsn.Disconnect{})

		w.gateway.Unlink(w.link)
		awake.expect(&mqttsn.Disconnect{})
		awake.send(&mqttsn.Connect{ProtocolID: 1, Duration: 60, ClientID: []byte("awake")})
		if b := awake.hear(time.Minute); b != nil {
			t.Errorf("a link that is gone answers %x", b)
		}

		other := w.net.Link("10.0.0.9:1883")
		defer other.Close()
		go w.gateway.Serve(other, LinkOptions{Anonymous: true, QoSMinusOne: true})
		synctest.Wait()
		awake.at, sleeper.at = "10.0.0.9:1883", "10.0.0.9:1883"
		awake.connect("awake", false, 60)
		awake.send(&mqttsn.Publish{TopicIDType: mqttsn.TopicPredefined, TopicID: 10, Data: []byte("x")})
		sleeper.send(&mqttsn.PingReq{ClientID: []byte("sleeper")})
		sleeper.expect(&mqttsn.Publish{TopicIDType: mqttsn.TopicPredefined, TopicID: 10, Data: []byte("x")}, &mqttsn.PingResp{})
	})
}
