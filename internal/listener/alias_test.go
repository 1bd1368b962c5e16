package listener

import (
	"fmt"
	"strings"
	"testing"

	"snbroker/internal/mqtt"
)

// The first PUBLISH on a topic names it and its alias, the next ones the alias
// alone; short topics and those beyond the client's maximum have none.
func TestAliasesTowardsAClient(t *testing.T) {
	a := newAliases(2)
	send := func(topic string, arrives bool) (string, uint16) {
		h := mqtt.PublishHeader{Topic: topic}
		if a.apply(&h) && arrives {
			a.keep(topic, h.Properties.TopicAlias)
		}
		return h.Topic, h.Properties.TopicAlias
	}
	for i, c := range []struct {
		topic   string
		arrives bool
		sent    string
		alias   uint16
	}{
		{"short", true, "short", 0},
		{"a/longer/topic", false, "a/longer/topic", 1}, // too large for the client: it never learns of it
		{"a/longer/topic", true, "a/longer/topic", 1},
		{"a/longer/topic", true, "", 1},
		{"another/topic", true, "another/topic", 2},
		{"a/third/topic", true, "a/third/topic", 0},
		{"another/topic", true, "", 2},
	} {
		if sent, alias := send(c.topic, c.arrives); sent != c.sent || alias != c.alias {
			t.Errorf("%d: %q goes out as %q with alias %d, want %q with %d", i, c.topic, sent, alias, c.sent, c.alias)
		}
	}
	var none *aliases = newAliases(0)
	h := mqtt.PublishHeader{Topic: "a/longer/topic"}
	if none.apply(&h) || h.Properties.TopicAlias != 0 {
		t.Error("an alias for a client that allows none")
	}
	many := newAliases(0xFFFF)
	for i := range 2 * mostAliases {
		h := mqtt.PublishHeader{Topic: strings.Repeat("x", 10) + fmt.Sprint(i)}
		if topic := h.Topic; many.apply(&h) {
			many.keep(topic, h.Properties.TopicAlias)
		}
	}
	if len(many.ids) != mostAliases {
		t.Errorf("%d aliases are kept for a client, want %d", len(many.ids), mostAliases)
	}
}
