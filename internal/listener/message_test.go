package listener

import (
	"testing"

	"snbroker/internal/mqtt"
)

// Every QoS of a publisher with every QoS of a subscriber, in every version on
// both sides.
func TestPublishAndSubscribe(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, w *world) {
		for _, from := range versions {
			for _, to := range versions {
				p := w.connect(from, "p")
				for qos := range mqtt.QoS(3) {
					s := w.connect(to, "s")
					s.Subscribe(filter("a/+", qos))
					n := uint16(0)
					for sent := range mqtt.QoS(3) {
						p.Publish(pub("a/b", "payload", sent, 7))
						want := pub("a/b", "payload", min(sent, qos), 0)
						if want.QoS > 0 {
							n++
							want.PacketID = n
						}
						s.Expect(want)
						switch want.QoS {
						case mqtt.QoS1:
							s.Say(&mqtt.Puback{PacketID: n})
						case mqtt.QoS2:
							s.Say(&mqtt.Pubrec{PacketID: n})
							s.Expect(&mqtt.Pubrel{PacketID: n})
							s.Say(&mqtt.Pubcomp{PacketID: n})
						}
						s.Silence()
					}
					p.Publish(pub("b/b", "elsewhere", 1, 8))
					s.Say(&mqtt.Unsubscribe{PacketID: 5, Filters: [][]byte{[]byte("a/+"), []byte("nothing")}})
					codes := []mqtt.ReasonCode{mqtt.ReasonSuccess, mqtt.ReasonNoSubscriptionExisted}
					s.Expect(&mqtt.Unsuback{PacketID: 5, ReasonCodes: codes})
					p.Publish(pub("a/b", "late", 2, 9))
					s.Disconnect()
				}
				p.Disconnect()
			}
		}
	})
}

// What is acknowledged how, in MQTT 5 and before.
func TestAcknowledgements(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, w *world) {
		for _, v := range versions {
			reason := func(r mqtt.ReasonCode) mqtt.ReasonCode {
				if v == mqtt.V5 {
					return r
				}
				return 0
			}
			none, unknown := reason(mqtt.ReasonNoMatchingSubscribers), reason(mqtt.ReasonPacketIDNotFound)
			c := w.connect(v, "c")
			c.Say(pub("a", "x", 1, 1), pub("a", "x", 0, 0), pub("a", "x", 2, 2), pub("a", "x", 2, 2),
				&mqtt.Pubrel{PacketID: 2}, &mqtt.Pubrel{PacketID: 2}, &mqtt.Pubrec{PacketID: 70},
				&mqtt.Puback{PacketID: 71}, &mqtt.Pubcomp{PacketID: 72}, &mqtt.Pingreq{})
			c.Expect(&mqtt.Puback{PacketID: 1, ReasonCode: none}, &mqtt.Pubrec{PacketID: 2, ReasonCode: none}, &mqtt.Pubrec{PacketID: 2},
				&mqtt.Pubcomp{PacketID: 2}, &mqtt.Pubcomp{PacketID: 2, ReasonCode: unknown}, &mqtt.Pubrel{PacketID: 70, ReasonCode: unknown},
				&mqtt.Pingresp{})
		}
	})
}

func TestRetained(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, w *world) {
		for _, v := range versions {
			p := w.connect(v, "p")
			m := kept("r/1", "kept", 1, 1)
			p.Publish(m)
			s := w.connect(v, "s")
			s.Subscribe(filter("r/#", 1))
			s.Expect(kept("r/1", "kept", 1, 1))
			m.Payload = []byte("newer")
			p.Publish(m)
			s.Expect(pub("r/1", "newer", 1, 2)) // live, so without RETAIN
			m.Payload = nil
			p.Publish(m)
			s.Expect(pub("r/1", "", 1, 3))
			s.Subscribe(filter("r/1", 0))
			s.Silence()
		}
	})
}

func TestSubscriptionOptions5(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, w *world) {
		p := w.connect(mqtt.V5, "p")
		p.Publish(kept("a/r", "kept", 0, 0))

		c := w.connect(mqtt.V5, "c")
		for handling, want := range [][2]bool{{true, true}, {true, false}, {false, false}} {
			f := filter("a/r", 0)
			f.RetainHandling = uint8(handling)
			for i, comes := range want {
				c.Subscribe(f)
				if comes {
					c.Expect(kept("a/r", "kept", 0, 0))
				}
				c.Silence()
				if t.Failed() {
					t.Fatalf("retain handling %d, subscription %d", handling, i)
				}
			}
			c.Unsubscribe("a/r")
		}

		// No-local, retain as published, and identifiers of all that match.
		c.Say(&mqtt.Subscribe{PacketID: 1, Filters: []mqtt.Filter{{TopicFilter: []byte("b/+"), NoLocal: true, RetainAsPublished: true}},
			Properties: mqtt.SubscribeProperties{SubscriptionID: 300}})
		c.Expect(&mqtt.Suback{PacketID: 1, ReasonCodes: []mqtt.ReasonCode{0}})
		c.Publish(pub("b/x", "own", 0, 0))
		p.Publish(kept("b/x", "other", 0, 0))
		want := kept("b/x", "other", 0, 0)
		want.Properties.SubscriptionIDs = []uint32{300}
		c.Expect(want)
		c.Say(&mqtt.Subscribe{PacketID: 2, Filters: []mqtt.Filter{{TopicFilter: []byte("b/x"), QoS: 1, RetainHandling: 2}},
			Properties: mqtt.SubscribeProperties{SubscriptionID: 1}})
		c.Expect(&mqtt.Suback{PacketID: 2, ReasonCodes: []mqtt.ReasonCode{1}})
		p.Publish(pub("b/x", "both", 1, 1))
		got, ok := c.Next().(*mqtt.Publish)
		if !ok || got.QoS != 1 || len(got.Properties.SubscriptionIDs) != 2 ||
			got.Properties.SubscriptionIDs[0]+got.Properties.SubscriptionIDs[1] != 301 {
			t.Fatalf("heard %+v", got)
		}
	})
}

func TestSubscribeSeveral(t *testing.T) {
	onBoth(t, func(s *settings) { s.MaxSubscriptions = 2 }, func(t *testing.T, w *world) {
		for _, v := range versions {
			c := w.connect(v, "c")
			c.Say(&mqtt.Subscribe{PacketID: 3, Filters: []mqtt.Filter{filter("a", 2), filter("b", 0), filter("c", 1), filter("a", 1)}})
			c.Expect(&mqtt.Suback{PacketID: 3, ReasonCodes: []mqtt.ReasonCode{2, 0, mqtt.ReasonQuotaExceeded, 1}})
			c.Disconnect()
		}
	})
}

// A full store of retained messages refuses a message, not its client.
func TestRetainedFull5(t *testing.T) {
	onBoth(t, func(s *settings) { s.MaxRetained = 0 }, func(t *testing.T, w *world) {
		c := w.connect(mqtt.V5, "c")
		for qos := mqtt.QoS1; qos <= mqtt.QoS2; qos++ {
			c.Say(kept("a", "x", qos, 1))
			if qos == mqtt.QoS1 {
				c.Expect(&mqtt.Puback{PacketID: 1, ReasonCode: mqtt.ReasonQuotaExceeded})
			} else {
				c.Expect(&mqtt.Pubrec{PacketID: 1, ReasonCode: mqtt.ReasonQuotaExceeded})
			}
		}
		c.Silence()
	})
}
