package mqtt

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// The oracles say the same by the shortest way there is.

func textOracle(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

func nameOracle(s string) bool {
	return s != "" && len(s) <= 65535 && textOracle(s) && !strings.ContainsAny(s, "+#")
}

func levelsOracle(s string) bool {
	levels := strings.Split(s, "/")
	for i, level := range levels {
		if strings.Contains(level, "#") && (level != "#" || i != len(levels)-1) {
			return false
		}
		if strings.Contains(level, "+") && level != "+" {
			return false
		}
	}
	return s != ""
}

func sharedOracle(s string) (group, filter string, ok bool) {
	parts := strings.SplitN(s, "/", 3)
	if len(parts) < 3 || parts[0] != "$share" || parts[1] == "" || strings.ContainsAny(parts[1], "+#") || parts[2] == "" {
		return "", s, false
	}
	return parts[1], parts[2], true
}

func filterOracle(s string) bool {
	if len(s) > 65535 || !textOracle(s) || !levelsOracle(s) {
		return false
	}
	if strings.HasPrefix(s, "$share/") {
		_, filter, ok := sharedOracle(s)
		return ok && levelsOracle(filter)
	}
	return true
}

func compareTopics(t *testing.T, s string) {
	t.Helper()
	if got, want := validText(s), textOracle(s); got != want || validText([]byte(s)) != want {
		t.Errorf("validText(%q) = %v", s, got)
	}
	if got, want := ValidTopicName(s), nameOracle(s); got != want || ValidTopicName([]byte(s)) != want {
		t.Errorf("ValidTopicName(%q) = %v", s, got)
	}
	if got, want := ValidTopicFilter(s), filterOracle(s); got != want || ValidTopicFilter([]byte(s)) != want {
		t.Errorf("ValidTopicFilter(%q) = %v", s, got)
	}
	g, f, ok := SplitShared(s)
	wg, wf, wok := sharedOracle(s)
	bg, bf, bok := SplitShared([]byte(s))
	if g != wg || f != wf || ok != wok || string(bg) != wg || string(bf) != wf || bok != wok {
		t.Errorf("SplitShared(%q) = %q, %q, %v", s, g, f, ok)
	}
}

func TestTopics(t *testing.T) {
	for _, c := range []struct {
		s            string
		name, filter bool
	}{
		{"", false, false},
		{"/", true, true},
		{"//", true, true},
		{"a", true, true},
		{" ", true, true},
		{"a/b/c", true, true},
		{"$SYS/x", true, true},
		{"\x01", true, true},
		{"\uFEFFa", true, true},
		{"a\x00", false, false},
		{"#", false, true},
		{"+", false, true},
		{"/#", false, true},
		{"/+", false, true},
		{"+/", false, true},
		{"+/+/#", false, true},
		{"a/+/b", false, true},
		{"a/#", false, true},
		{"a#", false, false},
		{"#/", false, false},
		{"a/#/b", false, false},
		{"a+", false, false},
		{"+a/b", false, false},
		{"a/b+/c", false, false},
		{"+#", false, false},
		{"$share", true, true},
		{"$share/", true, false},
		{"$share/g", true, false},
		{"$share/g/", true, false},
		{"$share//a", true, false},
		{"$share/g/a", true, true},
		{"$share/g//", true, true},
		{"$share/g/#", false, true},
		{"$share/g/a#", false, false},
		{"$share/+/a", false, false},
		{"$share/#", false, false},
		{"$shared/#", false, true},
		{strings.Repeat("a", 65535), true, true},
		{strings.Repeat("a", 65536), false, false},
	} {
		if got := ValidTopicName(c.s); got != c.name {
			t.Errorf("ValidTopicName(%.20q) = %v", c.s, got)
		}
		if got := ValidTopicFilter(c.s); got != c.filter {
			t.Errorf("ValidTopicFilter(%.20q) = %v", c.s, got)
		}
		compareTopics(t, c.s)
	}
}

// Strings over an alphabet of what matters, at every offset from the eight
// byte steps.
func TestTopicsAgainstOracles(t *testing.T) {
	pieces := []string{"a", "/", "+", "#", "$share/", "\x00", "é", "温", "😀", "\x80", "\xff", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "abcdefgh"}
	r := rand.New(rand.NewPCG(1, 2))
	for range 50_000 {
		var s strings.Builder
		if r.IntN(4) == 0 {
			s.WriteString("$share/")
		}
		for range r.IntN(8) {
			// The first few are drawn far more often: most strings should be valid.
			s.WriteString(pieces[min(r.IntN(len(pieces)), r.IntN(len(pieces)), r.IntN(len(pieces)))])
		}
		compareTopics(t, s.String())
		if t.Failed() {
			return
		}
	}
}

// All sequences of one and two bytes, and all of three and four that start
// like a character, against the standard library.
func TestTextExhaustive(t *testing.T) {
	check := func(b []byte) {
		if got := validText(b); got != textOracle(string(b)) {
			t.Fatalf("validText(%x) = %v", b, got)
		}
	}
	edges := []byte{0x00, 0x01, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff}
	for i := range 256 {
		check([]byte{byte(i)})
		for k := range 256 {
			check([]byte{byte(i), byte(k)})
			for _, m := range edges {
				if i < 0xC0 {
					break
				}
				check([]byte{byte(i), byte(k), m})
				for _, n := range edges {
					check([]byte{byte(i), byte(k), m, n})
				}
			}
		}
	}
	// One wrong byte at each place of a longer string.
	for n := 1; n < 40; n++ {
		for i := range n {
			for _, c := range []byte{0x00, 0x80, 0xff} {
				b := []byte(strings.Repeat("x", n))
				if b[i] = c; validText(b) {
					t.Fatalf("validText(%q)", b)
				}
				if ValidTopicName(b) || ValidTopicFilter(b) {
					t.Fatalf("topic %q", b)
				}
			}
			for _, c := range []byte("+#") {
				b := []byte(strings.Repeat("x", n))
				if b[i] = c; ValidTopicName(b) || !validText(b) {
					t.Fatalf("topic name %q", b)
				}
			}
		}
	}
}
