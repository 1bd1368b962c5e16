package gateway

import (
	"testing"

	"snbroker/broker"
	"snbroker/mqttsn"
)

func FuzzKept(f *testing.F) {
	m := &memory{will: &broker.Will{Topic: "w", Payload: []byte("gone"), QoS: 1, Retain: true}, keepAlive: 60, asleep: true, sleep: 300}
	m.topics.Register("a", 10)
	m.topics.Use("pre/ten", mqttsn.TopicPredefined, 10)
	f.Add(m.AppendKept(nil))
	f.Add([]byte{byte(keptTopic), 0, 0, 1, 'a'})           // no id
	f.Add([]byte{byte(keptTopic), 3, 0, 1, 'a'})           // two are missing
	f.Add([]byte{byte(keptWill), 1, 0, 0})                 // no will
	f.Add([]byte{byte(keptWill), 1, 1, 'w', 9})            // cut off
	f.Add([]byte{byte(keptState), keptDoubt, 60, 0, 0})    // and something behind it
	f.Add([]byte{byte(keptReject), 1, 3, byte(keptAlias)}) // of what is not there
	f.Fuzz(func(t *testing.T, b []byte) {
		m, again := new(memory), new(memory)
		if m.take(b) != nil {
			return
		}
		kept := m.AppendKept(nil)
		if err := again.take(kept); err != nil {
			t.Fatalf("%x is kept as %x: %v", b, kept, err)
		}
		if got := again.AppendKept(nil); string(got) != string(kept) {
			t.Errorf("%x is kept as %x, then as %x", b, kept, got)
		}
	})
}
