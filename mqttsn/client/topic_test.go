package client

import "testing"

func TestMatches(t *testing.T) {
	for _, test := range []struct {
		filter, name string
		want         bool
	}{
		{"a/b", "a/b", true},
		{"a/b", "a/c", false},
		{"a/b", "a/b/c", false},
		{"a/b/c", "a/b", false},
		{"a/+", "a/b", true},
		{"a/+", "a", false},
		{"a/+/c", "a/b/c", true},
		{"+/+", "/b", true},
		{"#", "a/b", true},
		{"a/#", "a/b/c", true},
		{"a/#", "a", true},
		{"a/#", "ab", false},
		{"+", "a/b", false},
		{"#", "$SYS/x", false},
		{"+/x", "$SYS/x", false},
		{"$SYS/#", "$SYS/x", true},
		{"a/+/#", "a", false},
	} {
		if got := matches(test.filter, test.name); got != test.want {
			t.Errorf("matches(%q, %q) = %v", test.filter, test.name, got)
		}
	}
}
