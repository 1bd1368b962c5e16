package listener

import (
	"strings"
	"testing"

	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest"
)

func TestMountedFilter(t *testing.T) {
	for _, tc := range [][3]string{
		{"", "a/b", "a/b"},
		{"", "$share/g/a", "$share/g/a"},
		{"p/", "#", "p/#"},
		{"p/", "+/a", "p/+/a"},
		{"p/", "/a", "p//a"},
		{"p/", "$SYS/#", "p/$SYS/#"},
		{"p/q/", "$share/g/#", "$share/g/p/q/#"},
		{"p/", "$share/g/$share/h/a", "$share/g/p/$share/h/a"},
		{"p/", "$share/g", "p/$share/g"},
	} {
		if got := mountedFilter(tc[0], []byte(tc[1])); got != tc[2] || !mqtt.ValidTopicFilter(got) {
			t.Errorf("%s at %q: %s, want %s", tc[1], tc[0], got, tc[2])
		}
	}
}

func TestUnmounted(t *testing.T) {
	for _, tc := range []struct {
		point, topic, want string
		inside             bool
	}{
		{"", "a", "a", true},
		{"p/", "p/a", "a", true},
		{"p/", "p//a", "/a", true},
		{"p/", "p", "", false},
		{"p/", "p/", "", false},
		{"p/", "pa", "", false},
		{"p/", "q/a", "", false},
		{"p/q/", "p/a", "", false},
	} {
		if got, inside := unmounted(tc.point, tc.topic); got != tc.want || inside != tc.inside {
			t.Errorf("%s at %q: %q, %v", tc.topic, tc.point, got, inside)
		}
	}
}

func TestMountedAllocates(t *testing.T) {
	w := new(worker)
	if n := testing.AllocsPerRun(100, func() { w.mounted("site-1/", "a/b/c") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Clients of a mounted listener and of a plain one see the same messages by
// different names, and the former nothing else.
func TestMountPoint(t *testing.T) {
	b := broker.New(broker.DefaultLimits())
	mounted := layeredOn(t, b, func(c *Config) { c.MountPoint = "site/" })
	plain := layeredOn(t, b, nil)
	out := dialPlain(t, plain).Connect("out")
	out.Subscribe(filter("#", mqtt.QoS0))
	in := dialPlain(t, mounted).Connect("in")
	in.Subscribe(filter("#", mqtt.QoS2))

	in.Say(pub("a/b", "from within", 0, 0))
	in.Expect(pub("a/b", "from within", 0, 0))
	out.Expect(pub("site/a/b", "from within", 0, 0))

	// Beside it, above it, and with nothing of a name left: "site/#" matches
	// the last two. At QoS 1 they must not fill the window.
	for i := range 300 {
		for _, topic := range []string{"elsewhere", "site", "site/"} {
			m := pub(topic, "", 0, 0)
			m.QoS, m.PacketID = mqtt.QoS1, uint16(i+1)
			out.Say(m)
			drain(t, out, m)
		}
	}
	out.Say(pub("site/c", "from outside", 0, 0))
	in.Expect(pub("c", "from outside", 0, 0))
	out.Expect(pub("site/c", "from outside", 0, 0))

	// Retained.
	m := kept("kept", "x", 0, 0)
	in.Say(m)
	in.Expect(pub("kept", "x", 0, 0))
	out.Expect(pub("site/kept", "x", 0, 0))
	late := dialPlain(t, mounted).Connect("late")
	late.Subscribe(filter("kept", mqtt.QoS0))
	late.Expect(m)

	// The end of a subscription.
	in.Say(&mqtt.Unsubscribe{PacketID: 9, Filters: [][]byte{[]byte("#")}})
	in.Expect(&mqtt.Unsuback{PacketID: 9, ReasonCodes: []mqtt.ReasonCode{mqtt.ReasonSuccess}})

	// A will.
	lost := dialPlain(t, mounted)
	lost.Say(&mqtt.Connect{Version: mqtt.V311, CleanStart: true, ClientID: []byte("lost"), Will: &mqtt.Will{Topic: []byte("will"), Payload: []byte("gone")}})
	lost.Expect(&mqtt.Connack{})
	lost.Close()
	out.Expect(pub("site/will", "gone", 0, 0))

	// A topic for which the mount point leaves no room.
	long := pub(strings.Repeat("x", 65535-4), "", 0, 0)
	in.Say(long)
	in.Closed()
}

// drain hears the acknowledgement and the message of a client that publishes to
// itself, which may come in either order.
func drain(t *testing.T, p *mqtttest.Peer, m *mqtt.Publish) {
	t.Helper()
	back := *m
	back.QoS, back.PacketID = mqtt.QoS0, 0
	want := map[string]bool{}
	for _, packet := range []mqtt.Packet{&mqtt.Puback{PacketID: m.PacketID}, &back} {
		want[string(mqtttest.Encode(t, p.Version, packet))] = true
	}
	for range 2 {
		got := string(p.Frame())
		if !want[got] {
			t.Fatalf("heard %s", mqtt.Describe([]byte(got), p.Version))
		}
		delete(want, got)
	}
}

// MQTT 5: aliases, and the mount point that is not the client's to see.
func TestMountPointAlias(t *testing.T) {
	b := broker.New(broker.DefaultLimits())
	mounted := layeredOn(t, b, func(c *Config) { c.MountPoint = "site/" })
	out := dialPlain(t, layeredOn(t, b, nil)).Connect("out")
	out.Subscribe(filter("site/#", mqtt.QoS0))
	in := dialPlain(t, mounted)
	in.Version = mqtt.V5
	in.Say(&mqtt.Connect{Version: mqtt.V5, CleanStart: true, ClientID: []byte("in")})
	first := pub("a", "1", 0, 0)
	first.Properties.TopicAlias = 3
	second := pub("", "2", 0, 0)
	second.Properties.TopicAlias = 3
	in.Say(first, second)
	out.Expect(pub("site/a", "1", 0, 0), pub("site/a", "2", 0, 0))
}
