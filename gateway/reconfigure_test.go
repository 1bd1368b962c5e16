package gateway

import (
	"testing"

	"snbroker/mapping"
	"snbroker/mqttsn"
)

// A predefined id that gets another meaning has it at once, both ways, and limits
// hold from then on.
func TestReconfigure(t *testing.T) {
	play(t, nil, func(w *world) {
		d, other := w.device("10.0.0.2:1"), w.device("10.0.0.3:1")
		d.connect("d", true, 60)
		other.connect("other", true, 60)
		d.send(&mqttsn.Subscribe{MsgID: 1, TopicIDType: mqttsn.TopicPredefined, TopicID: 10})
		d.expect(&mqttsn.SubAck{MsgID: 1, TopicID: 10})

		cfg := DefaultConfig()
		cfg.MaxTopics = 1
		cfg.Predefined = new(mapping.Predefined)
		must(t, cfg.Predefined.Add("", 10, "new/ten"))
		w.gateway.Reconfigure(cfg)

		other.send(&mqttsn.Register{MsgID: 1, TopicName: []byte("pre/ten")})
		other.expect(&mqttsn.RegAck{MsgID: 1, TopicID: 1})
		other.send(&mqttsn.Publish{TopicID: 1, Data: []byte("x")})
		// "pre/ten" has no predefined id any more: it is registered first.
		d.expect(&mqttsn.Register{TopicID: 1, MsgID: 1, TopicName: []byte("pre/ten")})
		d.send(&mqttsn.RegAck{TopicID: 1, MsgID: 1})
		d.expect(&mqttsn.Publish{TopicID: 1, Data: []byte("x")})

		d.send(&mqttsn.Subscribe{MsgID: 2, TopicIDType: mqttsn.TopicPredefined, TopicID: 10})
		d.expect(&mqttsn.SubAck{MsgID: 2, TopicID: 10})
		other.send(&mqttsn.Publish{TopicIDType: mqttsn.TopicPredefined, TopicID: 10, Data: []byte("y")})
		d.expect(&mqttsn.Publish{TopicIDType: mqttsn.TopicPredefined, TopicID: 10, Data: []byte("y")})
		other.send(&mqttsn.Register{MsgID: 2, TopicName: []byte("one/more")})
		other.expect(&mqttsn.RegAck{MsgID: 2, ReturnCode: mqttsn.ReturnCongestion})
	})
}
