package auth

import (
	"strings"
	"testing"
)

// aclTable holds what Mosquitto answers, rule by rule:
//
//	user | ClientID | read or write | topic | allow or deny [| unlike]
//
// unlike marks where this package answers otherwise, on purpose; the verdict is
// ours then. TestMosquittoAgrees asks a Mosquitto about all of them.
var aclTable = []struct {
	name, acl string
	checks    string
}{
	{
		"access words", `
			topic read r
			topic write w
			topic readwrite rw
			topic plain
			topic deny d`, `
			|c|read|r|allow
			|c|write|r|deny
			|c|read|w|deny
			|c|write|w|allow
			|c|read|rw|allow
			|c|write|rw|allow
			|c|read|plain|allow
			|c|write|plain|allow
			|c|read|d|deny
			|c|write|d|deny
			|c|read|other|deny
			|c|write|other|deny`,
	},
	{
		"sections: anonymous rules are for nobody else, sections of a user add up", `
			topic anon
			user alice
			topic write a
			user bob jones
			topic read b
			user alice
			topic write a2`, `
			|c|write|anon|allow
			alice|c|write|anon|deny
			|c|write|a|deny
			alice|c|write|a|allow
			alice|c|write|a2|allow
			alice|c|read|b|deny
			bob jones|c|read|b|allow
			bob|c|read|b|deny
			carol|c|write|a|deny`,
	},
	{
		"deny wins, wherever it stands", `
			user alice
			topic readwrite house/#
			topic deny house/safe/#
			topic deny house/+/key
			topic readwrite house/safe/door`, `
			alice|c|read|house|allow
			alice|c|read|house/hall|allow
			alice|c|write|house/hall/light|allow
			alice|c|read|house/safe|deny
			alice|c|read|house/safe/door|deny
			alice|c|write|house/hall/key|deny
			alice|c|write|house/hall/key/x|allow`,
	},
	{
		"wildcards", `
			user alice
			topic a/+/c
			topic d/#
			topic +/+/+/+
			topic /lead
			topic trail/`, `
			alice|c|write|a/b/c|allow
			alice|c|write|a//c|allow
			alice|c|write|a/c|deny
			alice|c|write|a/b/d|deny
			alice|c|write|d|allow
			alice|c|write|d/|allow
			alice|c|write|dd|deny
			alice|c|write|1/2/3/4|allow
			alice|c|write|1/2/3/4/5|deny
			alice|c|write|///|allow
			alice|c|write|/lead|allow
			alice|c|write|lead|deny
			alice|c|write|trail/|allow
			alice|c|write|trail|deny`,
	},
	{
		"topics that begin with $ take a rule that does", `
			user alice
			topic #
			topic +/x
			user bob
			topic $dev/#
			topic deny $dev/private
			user carol
			topic $dev/#
			topic deny #`, `
			alice|c|write|any/thing|allow
			alice|c|write|$dev/x|deny
			alice|c|read|$dev/x|deny
			bob|c|write|$dev/x|allow
			bob|c|write|$dev|allow
			bob|c|write|$dev/private|deny
			bob|c|write|dev/x|deny
			carol|c|write|$dev/x|allow
			carol|c|write|dev|deny`,
	},
	{
		"blanks", `
			user alice
			topic read with some blanks
			topic   write    wide
			topic read read
			topic write`, `
			alice|c|read|with some blanks|allow
			alice|c|read|with|deny
			alice|c|write|wide|allow
			alice|c|read|wide|deny
			alice|c|read|read|allow
			alice|c|write|read|deny
			alice|c|write|write|allow
			alice|c|read|write|allow`,
	},
	{
		"patterns", `
			pattern write dev/%c/up
			pattern read dev/%c/down/#
			pattern home/%u/+
			pattern both/%u/%c
			user alice
			topic only/%u`, `
			|c1|write|dev/c1/up|allow
			|c1|write|dev/c2/up|deny
			|c1|read|dev/c1/up|deny
			|c1|read|dev/c1/down/a/b|allow
			alice|c1|read|dev/c1/down/a/b|allow
			alice|c1|write|home/alice/x|allow
			alice|c1|write|home/bob/x|deny
			alice|c1|write|home/alice|deny
			alice|c1|write|both/alice/c1|allow
			alice|c1|write|both/alice/c2|deny
			|c1|write|home//x|deny
			|c1|write|both//c1|deny
			alice|c1|write|only/%u|allow
			alice|c1|write|only/alice|deny`,
	},
	{
		"names that would widen a pattern", `
			pattern readwrite dev/%c/up
			pattern readwrite home/%u/#`, `
			|+|write|dev/c1/up|deny
			|#|write|dev/c1/up|deny
			|a+|write|dev/a+/up|deny
			+|c|read|home/alice/x|deny
			#|c|read|home/alice/x|deny
			|c/up|write|dev/c/up|deny
			alice|c/x|write|dev/c/x/up|deny|unlike
			alice/x|c|read|home/alice/x|deny|unlike
			alice|c|read|home/alice/x|allow`,
	},
	{
		"patterns that deny", `
			pattern deny vault/%c/#
			pattern deny open/secret
			pattern read open/#
			pattern readwrite vault/+/x
			user alice
			topic readwrite vault/#`, `
			|c1|read|vault/c1/x|deny
			|c1|read|vault/c2/x|allow
			|c1|read|vault/c2/y|deny
			bob|c1|read|open/secret|deny
			bob|c1|read|open/door|allow
			alice|c1|read|vault/c2/x|allow
			alice|c1|read|vault/c1/x|deny|unlike`,
	},
	{
		"a topic's deny beats a pattern", `
			pattern readwrite p/%c
			pattern readwrite q/#
			user alice
			topic deny q/x`, `
			alice|c|write|p/c|allow
			alice|c|write|q/x|deny
			alice|c|write|q/y|allow
			bob|c|write|q/x|allow`,
	},
	{
		"an empty file denies everything", `
			# nothing`, `
			|c|read|a|deny
			alice|c|write|a|deny`,
	},
}

type aclCheck struct {
	line         string
	user, client string
	verb, topic  string
	want         bool
	mosquitto    bool
}

func aclChecks(t *testing.T, checks string) (list []aclCheck) {
	t.Helper()
	for line := range strings.Lines(checks) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		f := strings.Split(line, "|")
		if len(f) < 5 || f[2] != "read" && f[2] != "write" || f[4] != "allow" && f[4] != "deny" {
			t.Fatalf("bad line in the table: %s", line)
		}
		want := f[4] == "allow"
		list = append(list, aclCheck{
			line: line, user: f[0], client: f[1], verb: f[2], topic: f[3],
			want: want, mosquitto: want != (len(f) > 5),
		})
	}
	return list
}

// unindent makes a file of a table's text.
func unindent(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		if line = strings.TrimLeft(line, "\t"); line != "\n" {
			b.WriteString(line)
		}
	}
	return b.String() + "\n"
}

func TestACLTable(t *testing.T) {
	for _, c := range aclTable {
		t.Run(c.name, func(t *testing.T) {
			a := loadACL(t, unindent(c.acl))
			for _, k := range aclChecks(t, c.checks) {
				got := a.CanReceive(named(k.user), k.client, k.topic)
				if k.verb == "write" {
					got = a.CanPublish(named(k.user), k.client, k.topic)
				}
				if got != k.want {
					t.Errorf("%s: got %t", k.line, got)
				}
				// What can be received can be subscribed to.
				if k.verb == "read" && k.want && !a.CanSubscribe(named(k.user), k.client, k.topic) {
					t.Errorf("%s: cannot subscribe to it", k.line)
				}
			}
		})
	}
}
