package auth

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestACLErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"topic", ":1: topic: the filter is missing"},
		{"topic read", ""},
		{"\n\nuser", ":3: user: the name is missing"},
		{"topic some where", `"some" is not one of read, write`},
		{"topic Read x", `"Read" is not one of`},
		{"topic read a#", "not a valid topic filter"},
		{"topic read a/#/b", "not a valid topic filter"},
		{"topic read $share/g/a", "leave out $share"},
		{"pattern read dev_%c/x", "%u and %c have to be a whole level"},
		{"pattern read %u%c", "%u and %c have to be a whole level"},
		{"# fine\nTopic read x", `:2: "Topic" is not one of`},
		{"  # fine\n\ttopic read x", ""},
		{"\ufefftopic read x\r\nuser a\r\n", ""},
	} {
		file := write(t, "acl", c.text)
		_, err := Load(Config{ACLFile: file})
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%q: %v", c.text, err)
		case c.want == "":
		case err == nil:
			t.Errorf("%q: accepted", c.text)
		case !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), file):
			t.Errorf("%q: %v", c.text, err)
		default:
			if fe, ok := errors.AsType[*FileError](err); !ok || fe.Line == 0 {
				t.Errorf("%q: no line in %v", c.text, err)
			}
		}
	}
}

func TestCanSubscribe(t *testing.T) {
	a := loadACL(t, unindent(`
		user alice
		topic read a/+/c
		topic write w/#
		topic read s/#
		topic deny s/secret/#
		pattern read own/%c/#
		topic read $SYS/broker/#`))
	for filter, want := range map[string]bool{
		"#":                  true, // some of it can be read
		"+/+/+":              true,
		"a/b/c":              true,
		"a/#":                true,
		"a/b/d":              false,
		"a/b":                false,
		"w/x":                false,
		"s":                  true,
		"s/+":                true,
		"s/secret":           false,
		"s/secret/#":         false,
		"s/secret/+/x":       false,
		"own/c1/x":           true,
		"own/+/x":            true,
		"own/c2/x":           false,
		"own/+x":             false,
		"$SYS/#":             true,
		"$SYS/other":         false,
		"$share/g/a/b/c":     true,
		"$share/g/w/x":       false,
		"$share/g/$SYS/#":    true,
		"$share/g/s/secret":  false,
		"$share/":            false,
		"$share/g/own/c1/#":  true,
		"$share/+/own/c1/#":  false,
		"$SYS/broker/uptime": true,
	} {
		if got := a.CanSubscribe(named("alice"), "c1", filter); got != want {
			t.Errorf("%s: %t", filter, got)
		}
	}
	for _, client := range []string{"+", "#", "c1/x", ""} {
		for _, filter := range []string{"own/+/x", "own/#", "own/+/#", "own/c1/x", "own/" + client} {
			if a.CanSubscribe(named("bob"), client, filter) {
				t.Errorf("ClientID %q subscribes to %s", client, filter)
			}
		}
	}
}

func TestWithoutACL(t *testing.T) {
	a := mustLoad(t, Config{})
	id := &Identity{}
	if !a.CanPublish(id, "c", "a/b") || a.CanPublish(id, "c", "$SYS/x") {
		t.Error("publish")
	}
	if !a.CanSubscribe(id, "c", "$SYS/#") || !a.CanReceive(id, "c", "$SYS/x") {
		t.Error("subscribe, receive")
	}
	var none *Auth
	for _, a := range []*Auth{none, new(Auth)} {
		if a.CanPublish(id, "c", "a") || a.CanSubscribe(id, "c", "a") || a.CanReceive(id, "c", "a") || a.Valid(id) {
			t.Error("without a snapshot something is allowed")
		}
	}
	if a.CanPublish(nil, "c", "a") || a.CanSubscribe(nil, "c", "a") || a.CanReceive(nil, "c", "a") {
		t.Error("without an identity something is allowed")
	}
}

// A name that is not safe must not slip from under a deny, either.
func TestDenyWithUnsafeNames(t *testing.T) {
	a := loadACL(t, "topic readwrite #\nuser a/b\ntopic readwrite #\npattern deny vault/%c/#\npattern deny home/%u\n")
	for _, c := range []struct {
		user, client, topic string
		want                bool
	}{
		{"", "x", "vault/x/1", false},
		{"", "x", "vault/y/1", true},
		{"", "x/y", "vault/x/y/1", false},
		{"", "x/y", "vault/z", false},
		{"", "+", "vault/z", false},
		{"", "x/y", "vault", true},
		{"a/b", "x", "home/a/b", false},
		{"a/b", "x", "elsewhere", true},
		{"", "x", "home/", true},
	} {
		if got := a.CanPublish(named(c.user), c.client, c.topic); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}

func typicalACL(t testing.TB) *Auth {
	var b strings.Builder
	b.WriteString("pattern write dev/%c/up/#\npattern read dev/%c/down/#\npattern deny dev/%c/down/secret\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "user u%d\ntopic read site/%d/#\ntopic write site/%d/+/set\ntopic deny site/+/door/set\ntopic news\n", i, i, i)
	}
	return loadACL(t, b.String())
}

func TestJudgingDoesNotAllocate(t *testing.T) {
	a := typicalACL(t)
	id := named("u77")
	for name, f := range map[string]func() bool{
		"publish":            func() bool { return a.CanPublish(id, "c1", "site/77/lamp/set") },
		"publish by pattern": func() bool { return a.CanPublish(id, "c1", "dev/c1/up/temperature") },
		"publish exact":      func() bool { return a.CanPublish(id, "c1", "news") },
		"denied":             func() bool { return !a.CanPublish(id, "c1", "site/77/door/set") },
		"receive":            func() bool { return a.CanReceive(id, "c1", "site/77/a/b/c") },
		"subscribe":          func() bool { return a.CanSubscribe(id, "c1", "$share/g/site/77/+/state") },
	} {
		if !f() {
			t.Errorf("%s: wrong answer", name)
		}
		if n := testing.AllocsPerRun(100, func() { f() }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkCanPublish(b *testing.B) {
	a := typicalACL(b)
	id := named("u77")
	for _, topic := range []string{"site/77/lamp/set", "dev/c1/up/temperature", "no/such/topic"} {
		b.Run(topic, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				a.CanPublish(id, "c1", topic)
			}
		})
	}
}

func BenchmarkCanSubscribe(b *testing.B) {
	a := typicalACL(b)
	id := named("u77")
	b.ReportAllocs()
	for b.Loop() {
		a.CanSubscribe(id, "c1", "site/77/+/state")
	}
}
