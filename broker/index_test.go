package broker

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"snbroker/internal/mqtt"
)

var fitting = []struct {
	filter string
	yes    []string
	no     []string
}{
	{"a", []string{"a"}, []string{"b", "A", "aa", "a/", "/a", "a/b", "$a"}},
	{"a/b", []string{"a/b"}, []string{"a", "a/b/", "a/b/c", "/a/b", "a//b"}},
	{"#", []string{"a", "a/b", "/", "//", "a/", "a/$SYS"}, []string{"$SYS", "$SYS/x", "$"}},
	{"+", []string{"a", "x$"}, []string{"a/", "/a", "/", "a/b", "$SYS"}},
	{"+/+", []string{"a/b", "/", "/a", "a/", "a/$SYS"}, []string{"a", "a/b/c", "//", "$SYS/x"}},
	{"a/#", []string{"a", "a/", "a/b", "a/b/c", "a//"}, []string{"b", "ab", "/a", "ab/c"}},
	{"/#", []string{"/", "/a", "//", "/a/b"}, []string{"a", "a/b"}},
	{"a/+", []string{"a/b", "a/"}, []string{"a", "a/b/c", "a/b/"}},
	{"a/+/c", []string{"a/b/c", "a//c"}, []string{"a/c", "a/b/b/c", "a/b/c/d"}},
	{"+/b/#", []string{"a/b", "/b", "a/b/c/d", "a/b/"}, []string{"a/c", "b", "$x/b"}},
	{"a/+/#", []string{"a/b", "a/", "a/b/c"}, []string{"a"}},
	{"+/#", []string{"a", "a/b", "/"}, []string{"$SYS", "$SYS/a"}},
	{"/+", []string{"/a", "/"}, []string{"a", "a/b", "//"}},
	{"//", []string{"//"}, []string{"/", "///"}},
	{"$SYS/#", []string{"$SYS", "$SYS/a", "$SYS/a/b"}, []string{"$SYSTEM", "SYS/a"}},
	{"$SYS/+", []string{"$SYS/a", "$SYS/"}, []string{"$SYS", "$SYS/a/b"}},
	{"$SYS/a", []string{"$SYS/a"}, []string{"$SYS/b"}},
	{"a/b/c/d/e/f/g/h/i/j/#", []string{"a/b/c/d/e/f/g/h/i/j", "a/b/c/d/e/f/g/h/i/j/k"}, []string{"a/b/c/d/e/f/g/h/i"}},
}

func TestFiltersAndTopics(t *testing.T) {
	for _, c := range fitting {
		x := newIndex()
		s := &Session{id: c.filter}
		x.subscribe(c.filter, target{session: s})
		check := func(topic string, want bool) {
			t.Helper()
			if got, _ := x.match(topic); (len(got) == 1) != want {
				t.Errorf("the index has %q fit %q: %v, want %v", c.filter, topic, !want, want)
			}
			if got := matchesRetained(c.filter, topic); got != want {
				t.Errorf("retained messages have %q fit %q: %v, want %v", c.filter, topic, got, want)
			}
			if got := fits(c.filter, topic); got != want {
				t.Errorf("the oracle has %q fit %q: %v, want %v", c.filter, topic, got, want)
			}
		}
		for _, topic := range c.yes {
			check(topic, true)
		}
		for _, topic := range c.no {
			check(topic, false)
		}
	}
}

// matchesRetained asks the retained store's way, which takes filters without
// wildcards apart.
func matchesRetained(filter, topic string) bool {
	if !hasWildcard(filter) {
		return filter == topic
	}
	return matches(filter, topic)
}

// fits is MQTT §4.7 as plainly as it goes.
func fits(filter, topic string) bool {
	if topic[0] == '$' && (filter[0] == '+' || filter[0] == '#') {
		return false
	}
	return fitLevels(strings.Split(filter, "/"), strings.Split(topic, "/"))
}

func fitLevels(filter, topic []string) bool {
	switch {
	case len(filter) == 1 && filter[0] == "#":
		return true // the level above included
	case len(filter) == 0 || len(topic) == 0:
		return len(filter) == len(topic)
	case filter[0] == "+" || filter[0] == topic[0]:
		return fitLevels(filter[1:], topic[1:])
	}
	return false
}

// everyName lists all names of up to depth levels from words.
func everyName(words []string, depth int) []string {
	level := slices.Clone(words)
	all := slices.Clone(words)
	for range depth - 1 {
		var next []string
		for _, head := range level {
			for _, w := range words {
				next = append(next, head+"/"+w)
			}
		}
		level = next
		all = append(all, next...)
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

func everyFilter(depth int) []string {
	names := everyName([]string{"", "a", "$s", "+"}, depth)
	all := slices.Clone(names)
	for _, n := range names {
		all = append(all, n+"/#")
	}
	return append(all, "#", "/#")
}

// Every filter of up to three levels and "#" against every topic of up to four.
func TestEveryShortFilter(t *testing.T) {
	topics := everyName([]string{"", "a", "$s", "b"}, 4)
	for _, filter := range everyFilter(3) {
		x := newIndex()
		s := &Session{}
		x.subscribe(filter, target{session: s})
		for _, topic := range topics {
			want := fits(filter, topic)
			if got, _ := x.match(topic); (len(got) == 1) != want {
				t.Fatalf("the index has %q fit %q: %v, want %v", filter, topic, !want, want)
			}
			if got := matchesRetained(filter, topic); got != want {
				t.Fatalf("retained messages have %q fit %q: %v, want %v", filter, topic, got, want)
			}
			if hasWildcard(filter) && want && !strings.HasPrefix(topic, literalPrefix(filter)) {
				t.Fatalf("%q fits %q, but does not begin with %q", filter, topic, literalPrefix(filter))
			}
		}
		x.unsubscribe(filter, s)
		wantEmptyIndex(t, x)
	}
}

func wantEmptyIndex(t *testing.T, x *index) {
	t.Helper()
	if !x.root.empty() || len(x.exact) != 0 || x.count != 0 {
		t.Fatalf("the emptied index still holds: trie %+v, %d exact, count %d", x.root, len(x.exact), x.count)
	}
}

// given is a result that was handed out, and what it said then.
type given struct {
	result, copy []target
}

// Random histories against a map of maps: matches, through the cache and not;
// the count; results given out before; and an empty trie at the end.
func TestIndexAgainstOracle(t *testing.T) {
	topics := everyName([]string{"", "a", "b", "$s"}, 3)
	filters := everyFilter(2)
	for seed := range uint64(12) {
		if *seedFlag != 0 && seed != *seedFlag {
			continue
		}
		r := rand.New(rand.NewPCG(seed, 1))
		x, cache := newIndex(), newMatchCache()
		sessions := make([]*Session, 3*longList/2) // both ways of searching a list
		for i := range sessions {
			sessions[i] = &Session{id: fmt.Sprint("s", i)}
		}
		few := filters
		if seed%2 == 0 {
			few = []string{"a/b", "a/#", "+/b"} // long lists
		}
		oracle := make(map[string]map[*Session]target)
		count := 0
		var out []given
		for range 1500 {
			filter := few[r.IntN(len(few))]
			s := sessions[r.IntN(len(sessions))]
			switch r.IntN(4) {
			case 0, 1:
				n := target{session: s, qos: mqtt.QoS(r.IntN(3)), noLocal: r.IntN(2) == 0, retainAsPublished: r.IntN(2) == 0}
				if r.IntN(2) == 0 {
					n.ids = &[]uint32{1 + r.Uint32N(100)}
				}
				x.subscribe(filter, n)
				if oracle[filter] == nil {
					oracle[filter] = make(map[*Session]target)
				}
				if _, known := oracle[filter][s]; !known {
					count++
				}
				oracle[filter][s] = n
			case 2:
				x.unsubscribe(filter, s)
				if _, known := oracle[filter][s]; known {
					delete(oracle[filter], s)
					count--
				}
			}
			topic := topics[r.IntN(len(topics))]
			if r.IntN(2) == 0 {
				topic = "a/b" // one that every list has
			}
			m := cache.match(x, topic)
			direct, _ := x.match(topic)
			want := expected(oracle, topic)
			if got := flatten(m.targets); got != want {
				t.Fatalf("seed %d: %q through the cache leads to\n%s\nwant\n%s", seed, topic, got, want)
			}
			if got := flatten(direct); got != want {
				t.Fatalf("seed %d: %q leads to\n%s\nwant\n%s", seed, topic, got, want)
			}
			if m.topic != topic {
				t.Fatalf("seed %d: %q was cached as %q", seed, topic, m.topic)
			}
			if r.IntN(10) == 0 {
				out = append(out, given{m.targets, slices.Clone(m.targets)}, given{direct, slices.Clone(direct)})
			}
			if x.count != count {
				t.Fatalf("seed %d: the index counts %d subscriptions, want %d", seed, x.count, count)
			}
		}
		for _, g := range out {
			if !slices.Equal(g.result, g.copy) {
				t.Fatalf("seed %d: a result changed after it was given out:\n%s\nwas\n%s", seed, flatten(g.result), flatten(g.copy))
			}
		}
		for filter, subs := range oracle {
			for s := range subs {
				x.unsubscribe(filter, s)
			}
		}
		wantEmptyIndex(t, x)
		if m := cache.match(x, "a/b"); len(m.targets) != 0 {
			t.Fatalf("seed %d: the emptied index still leads somewhere", seed)
		}
	}
}

func expected(oracle map[string]map[*Session]target, topic string) string {
	joined := make(map[*Session]target)
	for filter, subs := range oracle {
		if !fits(filter, topic) {
			continue
		}
		for s, n := range subs {
			have, again := joined[s]
			if !again {
				joined[s] = n
				continue
			}
			have.qos = max(have.qos, n.qos)
			have.noLocal = have.noLocal && n.noLocal
			have.retainAsPublished = have.retainAsPublished || n.retainAsPublished
			var ids []uint32
			if have.ids != nil {
				ids = append(ids, *have.ids...)
			}
			if n.ids != nil {
				ids = append(ids, *n.ids...)
			}
			if ids != nil {
				have.ids = &ids
			}
			joined[s] = have
		}
	}
	return flatten(slices.Collect(maps.Values(joined)))
}

// flatten is a set of targets as text, whatever their order.
func flatten(targets []target) string {
	var lines []string
	for _, n := range targets {
		var ids []uint32
		if n.ids != nil {
			ids = slices.Clone(*n.ids)
			slices.Sort(ids)
		}
		lines = append(lines, fmt.Sprintf("%s q%d nl=%v rap=%v %v", n.session.id, n.qos, n.noLocal, n.retainAsPublished, ids))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// Two topics that share a slot of the cache throw each other out, and neither
// gets what is the other's.
func TestCacheSlotsAreShared(t *testing.T) {
	x, cache := newIndex(), newMatchCache()
	a := &Session{id: "a"}
	x.subscribe("only/1", target{session: a})
	for i := range 3 * cacheSlots {
		m := cache.match(x, fmt.Sprint("only/", i))
		if want := i == 1; (len(m.targets) == 1) != want {
			t.Fatalf("only/%d leads to %d sessions", i, len(m.targets))
		}
	}
	// A topic in a read buffer is kept as a copy of its own.
	b := []byte("only/x")
	m := cache.match(x, unsafe.String(&b[0], len(b)))
	copy(b, "XXXXXX")
	if m.topic != "only/x" {
		t.Fatalf("the cached topic became %q", m.topic)
	}
}
