package listener

import (
	"strings"
	"testing"

	"snbroker/broker"
	"snbroker/internal/mqtt"
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
	out := dialPlain(t, plain).connect("out")
	out.subscribe("#", mqtt.QoS0)
	in := dialPlain(t, mounted).connect("in")
	in.subscribe("#", mqtt.QoS2)

	in.say(message("a/b", "from within"))
	in.hear(message("a/b", "from within"))
	out.hear(message("site/a/b", "from within"))

	// Beside it, above it, and with nothing of a name left: "site/#" matches
	// the last two. At QoS 1 they must not fill the window.
	for i := range 300 {
		for _, topic := range []string{"elsewhere", "site", "site/"} {
			m := message(topic, "")
			m.QoS, m.PacketID = mqtt.QoS1, uint16(i+1)
			out.say(m)
			drain(out, m)
		}
	}
	out.say(message("site/c", "from outside"))
	in.hear(message("c", "from outside"))
	out.hear(message("site/c", "from outside"))

	// Retained.
	m := message("kept", "x")
	m.Retain = true
	in.say(m)
	in.hear(message("kept", "x"))
	out.hear(message("site/kept", "x"))
	late := dialPlain(t, mounted).connect("late")
	late.subscribe("kept", mqtt.QoS0)
	late.hear(m)

	// The end of a subscription.
	in.say(&mqtt.Unsubscribe{PacketID: 9, Filters: [][]byte{[]byte("#")}})
	in.hear(&mqtt.Unsuback{PacketID: 9, ReasonCodes: []mqtt.ReasonCode{mqtt.ReasonSuccess}})

	// A will.
	lost := dialPlain(t, mounted)
	lost.say(&mqtt.Connect{Version: mqtt.V311, CleanStart: true, ClientID: []byte("lost"), Will: &mqtt.Will{Topic: []byte("will"), Payload: []byte("gone")}})
	lost.hear(&mqtt.Connack{})
	lost.Close()
	out.hear(message("site/will", "gone"))

	// A topic for which the mount point leaves no room.
	long := message(strings.Repeat("x", 65535-4), "")
	in.say(long)
	in.refused()
}

// drain hears the acknowledgement and the message of a client that publishes to
// itself, which may come in either order.
func drain(k *talker, m *mqtt.Publish) {
	k.t.Helper()
	back := *m
	back.QoS, back.PacketID = mqtt.QoS0, 0
	want := len(encoded(k.t, k.version, &back)) + 4
	got := make([]byte, want)
	for n := 0; n < want; {
		r, err := k.Read(got[n:])
		if err != nil {
			k.t.Fatal(err)
		}
		n += r
	}
}

// MQTT 5: aliases, and the mount point that is not the client's to see.
func TestMountPointAlias(t *testing.T) {
	b := broker.New(broker.DefaultLimits())
	mounted := layeredOn(t, b, func(c *Config) { c.MountPoint = "site/" })
	out := dialPlain(t, layeredOn(t, b, nil)).connect("out")
	out.subscribe("site/#", mqtt.QoS0)
	in := dialPlain(t, mounted)
	in.version = mqtt.V5
	in.say(&mqtt.Connect{Version: mqtt.V5, CleanStart: true, ClientID: []byte("in")})
	first := message("a", "1")
	first.Properties.TopicAlias = 3
	second := message("", "2")
	second.Properties.TopicAlias = 3
	in.say(first, second)
	out.hear(message("site/a", "1"), message("site/a", "2"))
}
