package auth

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

// The oracle: filters are regular expressions over topics, and questions about
// two filters are answered by trying all topics of a small world.

func filterRegexp(filter string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("^")
	parts := strings.Split(filter, "/")
	for i, p := range parts {
		switch {
		case p == "#" && i == 0:
			b.WriteString(".*")
		case p == "#":
			b.WriteString("(?:/.*)?")
		case i > 0:
			b.WriteString("/")
			fallthrough
		default:
			if p == "+" {
				b.WriteString("[^/]*")
			} else if p != "#" {
				b.WriteString(regexp.QuoteMeta(p))
			}
		}
	}
	b.WriteString("$")
	return regexp.MustCompile(b.String())
}

func oracleMatches(filter, topic string) bool {
	if strings.HasPrefix(topic, "$") != strings.HasPrefix(filter, "$") {
		return false
	}
	return filterRegexp(filter).MatchString(topic)
}

var worldLevels = []string{"", "a", "b", "$s", "u1", "other"}

// world is every topic of up to four levels, and the empty one, which does not
// exist but makes no difference either.
func world() (topics []string) {
	last := append([]string(nil), worldLevels...)
	for range 4 {
		topics = append(topics, last...)
		var next []string
		for _, t := range last {
			for _, l := range worldLevels {
				next = append(next, t+"/"+l)
			}
		}
		last = next
	}
	return topics
}

func randomFilter(r *rand.Rand, extra ...string) string {
	choices := append([]string{"", "a", "b", "$s", "u1", "+", "+"}, extra...)
	n := 1 + r.IntN(3)
	parts := make([]string, n)
	for i := range parts {
		parts[i] = choices[r.IntN(len(choices))]
	}
	if r.IntN(4) == 0 {
		parts[n-1] = "#"
	}
	if s := strings.Join(parts, "/"); s != "" {
		return s
	}
	return "a"
}

func TestRuleAgainstOracle(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	topics := world()
	n := newNames(named("u1"), "b")
	for range 400 {
		filter := randomFilter(r, "%u", "%c")
		asked := randomFilter(r)
		rule := newRule(filter, accessRead, true)
		plain := strings.NewReplacer("%u", "u1", "%c", "b").Replace(filter)
		if rule.dollar != strings.HasPrefix(filter, "$") {
			t.Fatalf("%q: dollar", filter)
		}
		ours, theirs := filterRegexp(plain), filterRegexp(asked)
		overlap, covered := false, true
		for _, topic := range topics {
			d := strings.HasPrefix(topic, "$")
			inRule := d == strings.HasPrefix(plain, "$") && ours.MatchString(topic)
			inAsked := d == strings.HasPrefix(asked, "$") && theirs.MatchString(topic)
			if got := rule.matches(topic, &n); got != inRule {
				t.Fatalf("%q matches %q: %t, the oracle says %t", filter, topic, got, inRule)
			}
			overlap = overlap || inRule && inAsked
			covered = covered && (inRule || !inAsked)
		}
		if got := rule.overlaps(asked, &n); got != overlap {
			t.Fatalf("%q overlaps %q: %t, the oracle says %t", filter, asked, got, overlap)
		}
		if rule.covers(asked, &n) && !covered {
			t.Fatalf("%q does not cover %q", filter, asked)
		}
	}
}

func TestACLAgainstOracle(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	topics := world()
	words := []string{"read", "write", "readwrite", "deny"}
	type line struct{ section, word, filter string }
	for range 60 {
		var text strings.Builder
		var file []line
		section := ""
		for range 1 + r.IntN(12) {
			switch r.IntN(5) {
			case 0:
				section = []string{"u1", "u2"}[r.IntN(2)]
				fmt.Fprintf(&text, "user %s\n", section)
			case 1:
				l := line{"*", words[r.IntN(4)], randomFilter(r, "%u", "%c")}
				fmt.Fprintf(&text, "pattern %s %s\n", l.word, l.filter)
				file = append(file, l)
			default:
				l := line{section, words[r.IntN(4)], randomFilter(r)}
				fmt.Fprintf(&text, "topic %s %s\n", l.word, l.filter)
				file = append(file, l)
			}
		}
		a := loadACL(t, text.String())
		for _, user := range []string{"", "u1", "u2", "u3"} {
			oracle := func(topic, want string) bool {
				granted := false
				for _, l := range file {
					if l.section != "*" && l.section != user {
						continue
					}
					filter := l.filter
					if l.section == "*" {
						if user == "" && strings.Contains(filter, "%u") {
							continue
						}
						filter = strings.NewReplacer("%u", user, "%c", "b").Replace(filter)
					}
					if !oracleMatches(filter, topic) {
						continue
					}
					if l.word == "deny" {
						return false
					}
					granted = granted || l.word == want || l.word == "readwrite"
				}
				return granted
			}
			for range 60 {
				topic := topics[r.IntN(len(topics))]
				if got, want := a.CanPublish(named(user), "b", topic), oracle(topic, "write"); got != want {
					t.Fatalf("%q publishes %q: %t, the oracle says %t\n%s", user, topic, got, want, text.String())
				}
				if got, want := a.CanReceive(named(user), "b", topic), oracle(topic, "read"); got != want {
					t.Fatalf("%q receives %q: %t, the oracle says %t\n%s", user, topic, got, want, text.String())
				}
				// No subscription is refused that could deliver.
				filter := randomFilter(r)
				if oracleMatches(filter, topic) && oracle(topic, "read") && !a.CanSubscribe(named(user), "b", filter) {
					t.Fatalf("%q may not subscribe %q but may read %q\n%s", user, filter, topic, text.String())
				}
			}
		}
	}
}
