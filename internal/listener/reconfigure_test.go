package listener

import (
	"testing"

	"snbroker/internal/mqtt"
)

// Who comes meets the new rules, who is there keeps its own; strangers go where
// they are not let in any more.
func TestReconfigure(t *testing.T) {
	v5 := func(id string) *mqtt.Connect {
		return &mqtt.Connect{Version: mqtt.V5, CleanStart: true, ClientID: []byte(id)}
	}
	for _, tc := range []struct {
		name   string
		change func(*Config)
		stays  bool
		comes  mqtt.ReasonCode
	}{
		{"nothing", func(*Config) {}, true, mqtt.ReasonSuccess},
		{"anonymous", func(c *Config) { c.Anonymous = false }, false, mqtt.ReasonNotAuthorized},
		{"versions", func(c *Config) { c.Versions = Versions(0).With(mqtt.V311) }, true, mqtt.ReasonUnsupportedProtocolVersion},
		{"elsewhere", func(c *Config) { c.ServerReference = "other:1883" }, true, mqtt.ReasonUseAnotherServer},
		{"connections", func(c *Config) { c.MaxConnections = 1 }, true, closedAtOnce},
		{"per address", func(c *Config) { c.MaxConnectionsPerAddress = 1 }, true, mqtt.ReasonSuccess}, // the first is not counted
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := overTCP(t, nil)
			there := w.connect(mqtt.V5, "there")
			cfg := w.cfg.Config
			tc.change(&cfg)
			if gone := w.Reconfigure(cfg); gone > 0 == tc.stays {
				t.Errorf("%d are gone", gone)
			}
			if tc.stays {
				there.Say(&mqtt.Pingreq{})
				there.Expect(&mqtt.Pingresp{})
			} else {
				there.Next() // DISCONNECT
				there.Closed()
			}
			comes := w.dial(mqtt.V5)
			comes.Say(v5("comes"))
			ack, ok := comes.Next().(*mqtt.Connack)
			if got := reasonOf(ack, ok); got != tc.comes {
				t.Errorf("who comes is answered with %v, want %v", got, tc.comes)
			}
		})
	}
}

// closedAtOnce stands for no answer at all.
const closedAtOnce = mqtt.ReasonCode(0xFF)

func reasonOf(ack *mqtt.Connack, ok bool) mqtt.ReasonCode {
	if !ok {
		return closedAtOnce
	}
	return ack.ReasonCode
}

// A mount point is a session's for as long as its connection lasts.
func TestReconfigureMountPoint(t *testing.T) {
	w := overTCP(t, nil)
	there := w.connect(mqtt.V311, "there")
	there.Subscribe(mqtt.Filter{TopicFilter: []byte("#")})
	cfg := w.cfg.Config
	cfg.MountPoint = "site/"
	w.Reconfigure(cfg)
	comes := w.connect(mqtt.V311, "comes")
	comes.Say(&mqtt.Publish{Topic: []byte("a"), Payload: []byte("x")})
	there.Expect(&mqtt.Publish{Topic: []byte("site/a"), Payload: []byte("x")})
}

// WebSockets go on, and new ones find the page's new path.
func TestReconfigureWeb(t *testing.T) {
	l := webbed(t, nil)
	there, _ := dialWS(t, l)
	there.Connect("there")
	cfg := l.cfg.Config
	cfg.Path = "/elsewhere"
	if gone := l.Reconfigure(cfg); gone != 0 {
		t.Errorf("%d are gone", gone)
	}
	there.Silence()
	if _, r, err := web311(l, nil, "mqtt"); err == nil || r == nil || r.StatusCode != 404 {
		t.Errorf("the old path: %v", err)
	}
	cfg.Path = "/mqtt"
	l.Reconfigure(cfg)
	again, _ := dialWS(t, l)
	again.Connect("again")
	cfg.WebSocket = false
	if gone := l.Reconfigure(cfg); gone != 2 {
		t.Errorf("%d are gone, where nobody comes by HTTP any more", gone)
	}
	dialPlain(t, l).Connect("plain")
}
