package gateway

import (
	"fmt"
	"testing"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
)

// everyMessage holds one of each message that a device, or a confused gateway,
// may send.
func everyMessage() []mqttsn.Message {
	return []mqttsn.Message{
		&mqttsn.Advertise{GwID: 2, Duration: 900}, &mqttsn.SearchGw{}, &mqttsn.GwInfo{GwID: 2},
		&mqttsn.Auth{Method: []byte(mqttsn.AuthPlain), Data: mqttsn.AppendPlain(nil, "u", "p")},
		&mqttsn.Connect{ProtocolID: 1, Duration: 60, ClientID: []byte("c1")},
		&mqttsn.ConnAck{}, &mqttsn.WillTopicReq{}, &mqttsn.WillTopic{WillTopic: []byte("w")},
		&mqttsn.WillMsgReq{}, &mqttsn.WillMsg{WillMsg: []byte("m")},
		&mqttsn.Register{MsgID: 1, TopicName: []byte("r")}, &mqttsn.RegAck{TopicID: 1, MsgID: 1},
		&mqttsn.Publish{QoS: mqttsn.QoS1, TopicIDType: mqttsn.TopicShort, TopicID: 0x7474, MsgID: 2},
		&mqttsn.PubAck{TopicID: 1, MsgID: 1}, &mqttsn.PubComp{MsgID: 1}, &mqttsn.PubRec{MsgID: 1}, &mqttsn.PubRel{MsgID: 1},
		&mqttsn.Subscribe{MsgID: 3, TopicName: []byte("s")}, &mqttsn.SubAck{MsgID: 1},
		&mqttsn.Unsubscribe{MsgID: 4, TopicName: []byte("s")}, &mqttsn.UnsubAck{MsgID: 1},
		&mqttsn.PingReq{}, &mqttsn.PingResp{}, &mqttsn.Disconnect{},
		&mqttsn.WillTopicUpd{WillTopic: []byte("w")}, &mqttsn.WillTopicResp{},
		&mqttsn.WillMsgUpd{WillMsg: []byte("m")}, &mqttsn.WillMsgResp{},
	}
}

// into brings a device with the ClientID c1 into a state.
var into = map[State]func(d *device){
	Disconnected: func(d *device) {},
	Connecting: func(d *device) {
		d.send(&mqttsn.Connect{ProtocolID: 1, Will: true, Duration: 60, ClientID: []byte("c1")})
		d.expect(&mqttsn.WillTopicReq{})
	},
	Active: func(d *device) { d.connectWithWill("c1", false, 60, "will", "w") },
	Asleep: func(d *device) {
		d.connectWithWill("c1", false, 60, "will", "w")
		d.sleep(60)
	},
	Awake: func(d *device) {
		d.connectWithWill("c1", false, 60, "will", "w")
		id := d.subscribe("wake", mqttsn.QoS1)
		d.sleep(60)
		d.w.publish("wake", "x", mqtt.QoS1, false)
		d.send(&mqttsn.PingReq{ClientID: []byte("c1")})
		d.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("x")})
	},
	Lost: func(d *device) {
		d.connectWithWill("c1", false, 60, "will", "w")
		d.expectSilence(2 * time.Minute)
	},
}

// answersTo is the message type that answers each request in the state Active
// (and in others, unless the exceptions below say otherwise).
var answersTo = map[mqttsn.MsgType]mqttsn.MsgType{
	mqttsn.TypeSearchGw: mqttsn.TypeGwInfo, mqttsn.TypeConnect: mqttsn.TypeConnAck,
	mqttsn.TypeRegister: mqttsn.TypeRegAck, mqttsn.TypePublish: mqttsn.TypePubAck,
	mqttsn.TypePubRec: mqttsn.TypePubRel, mqttsn.TypePubRel: mqttsn.TypePubComp,
	mqttsn.TypeSubscribe: mqttsn.TypeSubAck, mqttsn.TypeUnsubscribe: mqttsn.TypeUnsubAck,
	mqttsn.TypePingReq: mqttsn.TypePingResp, mqttsn.TypeDisconnect: mqttsn.TypeDisconnect,
	mqttsn.TypeWillTopicUpd: mqttsn.TypeWillTopicResp, mqttsn.TypeWillMsgUpd: mqttsn.TypeWillMsgResp,
}

type cell struct {
	in State
	on mqttsn.MsgType
}

// otherwise are the cells whose processing answers differently than in Active;
// 0xFF stands for silence.
var otherwise = map[cell]mqttsn.MsgType{
	{Connecting, mqttsn.TypeWillTopic}: mqttsn.TypeWillMsgReq,
	{Connecting, mqttsn.TypeWillMsg}:   mqttsn.TypeWillTopicReq, // the topic was not there yet
	{Active, mqttsn.TypeWillMsg}:       mqttsn.TypeConnAck,      // its CONNACK may have got lost
	{Active, mqttsn.TypeWillTopic}:     mqttsn.TypeConnAck,
	{Awake, mqttsn.TypePingReq}:        0xFF, // answered when the flush ends
	{Awake, mqttsn.TypePubAck}:         mqttsn.TypePingResp,
	{Awake, mqttsn.TypePubRec}:         0xFF, // of the QoS 1 message on its way: a device's mistake
}

func TestEveryCell(t *testing.T) {
	for state := range State(numStates) {
		for _, m := range everyMessage() {
			t.Run(fmt.Sprintf("%v/%v", state, m.Type()), func(t *testing.T) {
				play(t, nil, func(w *world) {
					d := w.device("10.0.0.2:4000")
					into[state](d)
					before := w.gateway.Stats()
					d.send(m)
					after := w.gateway.Stats()
					want, answered := mqttsn.MsgType(0xFF), false
					switch answers[m.Type()][state] {
					case ignore:
						if after.Ignored != before.Ignored+1 {
							t.Error("it was not counted as ignored")
						}
					case refuse:
						want, answered = mqttsn.TypeDisconnect, true
						if after.Refused != before.Refused+1 {
							t.Error("it was not counted as refused")
						}
					case process:
						if want, answered = otherwise[cell{state, m.Type()}]; !answered {
							want, answered = answersTo[m.Type()]
						}
					}
					got := d.hear(moment)
					switch {
					case got == nil && answered && want != 0xFF:
						t.Errorf("silence, want %v", want)
					case got != nil && (!answered || mqttsn.MsgType(got[1]) != want):
						t.Errorf("heard %s, want %v", mqttsn.Describe(got), want)
					}
				})
			})
		}
	}
}

func TestTableNamesEveryMessage(t *testing.T) {
	seen := map[mqttsn.MsgType]bool{}
	for _, m := range everyMessage() {
		seen[m.Type()] = true
	}
	for typ := range mqttsn.MsgType(len(answers)) {
		reserved := typ == 0x11 || typ == 0x19
		if seen[typ] == reserved {
			t.Errorf("type %v: in the walk %v", typ, seen[typ])
		}
	}
}
