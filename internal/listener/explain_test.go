package listener

import (
	"strings"
	"testing"

	"snbroker/internal/mqtt"
)

// Refusals say why, in words: to whoever wants to know, and as far as the
// client takes it.
func TestReasonStrings(t *testing.T) {
	const short = 20 // octets, too few for any explanation
	for _, c := range []struct {
		name    string
		connect func(*mqtt.Connect)
		told    bool
	}{
		{"by default", func(*mqtt.Connect) {}, true},
		{"not asked for", func(p *mqtt.Connect) { p.Properties.NoProblemInfo = true }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			onBoth(t, func(s *settings) { s.MaxFilters = 1 }, func(t *testing.T, w *world) {
				p := w.dial(mqtt.V5)
				hello := &mqtt.Connect{Version: mqtt.V5, CleanStart: true, ClientID: []byte("c")}
				c.connect(hello)
				p.Say(hello)
				if _, ok := p.Next().(*mqtt.Connack); !ok {
					t.Fatal("no CONNACK")
				}
				p.Say(&mqtt.Pubrel{PacketID: 7})
				if got := p.Next().(*mqtt.Pubcomp); string(got.Properties.ReasonString) != wanted(c.told, explanations[mqtt.ReasonPacketIDNotFound]) {
					t.Errorf("PUBCOMP says %q", got.Properties.ReasonString)
				}
				p.Say(&mqtt.Subscribe{PacketID: 8, Filters: []mqtt.Filter{filter(strings.Repeat("a/", 1000), 0)}})
				if got := p.Next().(*mqtt.Suback); string(got.Properties.ReasonString) != wanted(c.told, explanations[mqtt.ReasonTopicFilterInvalid]) {
					t.Errorf("SUBACK says %q", got.Properties.ReasonString)
				}
				p.Say(&mqtt.Subscribe{PacketID: 9, Filters: []mqtt.Filter{filter("a", 0), filter("b", 0)}})
				if got := p.Next().(*mqtt.Disconnect); string(got.Properties.ReasonString) != wanted(c.told, errManyFilters.text) {
					t.Errorf("DISCONNECT says %q", got.Properties.ReasonString)
				}
			})
		})
	}
	d := appendDisconnect(nil, mqtt.ReasonKeepAliveTimeout, []byte(explanations[mqtt.ReasonKeepAliveTimeout]), short)
	if len(d) > short {
		t.Errorf("a client that takes %d octets is sent %d", short, len(d))
	}
}

func wanted(told bool, text string) string {
	if told {
		return text
	}
	return ""
}
