package smallgw

import (
	"strings"
	"testing"
	"time"

	"snbroker/mqttsn"
)

// world is a gateway whose answers are written down.
type world struct {
	*Gateway
	t    *testing.T
	said []string
	got  []string // by the program
	now  time.Duration
}

func newWorld(t *testing.T) *world {
	w := &world{t: t}
	w.Gateway = New(Config{
		TRetry: 10 * time.Second, NRetry: 3, Predefined: map[mqttsn.TopicID]string{7: "seven"},
		Send:    func(_ uint32, b []byte) { w.said = append(w.said, mqttsn.Describe(b)) },
		Message: func(topic string, b []byte) { w.got = append(w.got, topic+"="+string(b)) },
	})
	w.Subscribe([]string{"#"})
	return w
}

// hears has device 1 send messages, and checks what comes back.
func (w *world) hears(want string, messages ...mqttsn.Message) {
	w.t.Helper()
	for _, m := range messages {
		b, err := m.AppendBinary(nil)
		if err != nil {
			w.t.Fatal(err)
		}
		w.Receive(w.now, 1, b)
	}
	w.says(want)
}

func (w *world) says(want string) {
	w.t.Helper()
	if got := strings.Join(w.said, "\n"); got != strings.TrimSpace(want) {
		w.t.Errorf("said\n%s\nwant\n%s", got, want)
	}
	w.said = nil
}

func (w *world) passes(d time.Duration) {
	for end := w.now + d; w.now < end; {
		w.now = min(max(w.Next(), w.now), end)
		w.Advance(w.now)
	}
}

func connect() *mqttsn.Connect {
	return &mqttsn.Connect{ProtocolID: 1, CleanSession: true, Duration: 60, ClientID: []byte("d1")}
}

func TestConversation(t *testing.T) {
	w := newWorld(t)
	w.hears("DISCONNECT", &mqttsn.PingReq{})
	w.hears("CONNACK rc=accepted", connect())
	w.hears(`REGACK topicid=1 msgid=1 rc=accepted`, &mqttsn.Register{MsgID: 1, TopicName: []byte("a/b")})
	w.hears("PUBACK topicid=1 msgid=2 rc=accepted", &mqttsn.Publish{QoS: 1, TopicID: 1, MsgID: 2, Data: []byte("x")})
	w.hears("PUBACK topicid=9 msgid=3 rc=invalid_topic_id", &mqttsn.Publish{QoS: 1, TopicID: 9, MsgID: 3})
	twice := &mqttsn.Publish{QoS: 2, TopicID: 1, MsgID: 4, Data: []byte("y")}
	w.hears("PUBREC msgid=4\nPUBREC msgid=4\nPUBCOMP msgid=4", twice, twice, &mqttsn.PubRel{MsgID: 4})
	w.hears("", &mqttsn.Publish{QoS: mqttsn.QoSMinusOne, TopicIDType: mqttsn.TopicPredefined, TopicID: 7, Data: []byte("z")})
	if got := strings.Join(w.got, " "); got != "a/b=x a/b=y seven=z" {
		t.Error(got)
	}
}

// A sleeper gets what was kept when it asks, in order, and PINGRESP after that.
// A name that a wildcard covers is registered first.
func TestSleep(t *testing.T) {
	w := newWorld(t)
	w.hears("CONNACK rc=accepted\nSUBACK qos=1 topicid=0 msgid=1 rc=accepted\nDISCONNECT", connect(),
		&mqttsn.Subscribe{QoS: 1, MsgID: 1, TopicName: []byte("d1/+")}, &mqttsn.Disconnect{Duration: 30})
	w.Publish("d1/set", []byte("on"), 1)
	w.Publish("d1/set", []byte("off"), 0)
	w.says("")
	w.hears(`REGISTER topicid=1 msgid=1 topic="d1/set"`, &mqttsn.PingReq{ClientID: []byte("d1")})
	w.hears("PUBLISH qos=1 topic=normal:1 msgid=2 len=2", &mqttsn.RegAck{TopicID: 1, MsgID: 1})
	w.hears("PUBLISH qos=0 topic=normal:1 msgid=0 len=3\nPINGRESP", &mqttsn.PubAck{TopicID: 1, MsgID: 2})
	w.passes(44 * time.Second)
	w.hears("PINGRESP", &mqttsn.PingReq{ClientID: []byte("d1")})
	w.passes(46 * time.Second)
	w.hears("DISCONNECT", &mqttsn.PingReq{ClientID: []byte("d1")})
}

// What is not acknowledged comes again, as often as configured; then the device
// is lost, and its will published.
func TestLost(t *testing.T) {
	w := newWorld(t)
	c := connect()
	c.Will = true
	w.hears("WILLTOPICREQ\nWILLMSGREQ\nCONNACK rc=accepted\nSUBACK qos=1 topicid=1 msgid=1 rc=accepted", c,
		&mqttsn.WillTopic{QoS: 1, WillTopic: []byte("w")}, &mqttsn.WillMsg{WillMsg: []byte("bye")},
		&mqttsn.Subscribe{QoS: 1, MsgID: 1, TopicName: []byte("c")})
	w.Publish("c", []byte("1"), 2)
	w.passes(41 * time.Second)
	w.says("PUBLISH qos=1 topic=normal:1 msgid=1 len=1" + strings.Repeat("\nPUBLISH qos=1 dup topic=normal:1 msgid=1 len=1", 3))
	if got := strings.Join(w.got, " "); got != "c=1 w=bye" {
		t.Error(got)
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		filter, topic string
		want          bool
	}{{"#", "a/b", true}, {"a/#", "a", true}, {"a/+", "a", false}, {"+/b", "a/b", true}, {"a", "a/b", false}, {"a/b", "a/b", true}, {"a/+", "a/b/c", false}} {
		if matches(c.filter, c.topic) != c.want {
			t.Error(c)
		}
	}
}

// Whatever comes from devices, the gateway goes on.
func FuzzReceive(f *testing.F) {
	f.Add([]byte("\x08\x04\x04\x01\x00\x3c\x63\x31"), []byte("\x04\x18\x00\x10"), []byte("\x04\x16\x63\x31"))
	f.Add([]byte("\x04\xfe\x00\x01\x02\x16"), []byte("\x08\x12\x20\x00\x05\x61\x2f\x23"), []byte("\x09\x0c\x62\x6d\x74\x00\x00\x68\x69"))
	f.Fuzz(func(t *testing.T, a, b, c []byte) {
		w := newWorld(t)
		for i, datagram := range [][]byte{a, b, c, a, c} {
			w.Receive(w.now, uint32(i%2), datagram)
			w.Publish("a/b", []byte("x"), 2)
			w.passes(7 * time.Second)
		}
	})
}
