package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is something wrong with a configuration.
type Problem struct {
	File string // "" if it was not read from one
	Line int    // 0 if unknown
	Text string
	path string
}

// String is "config.toml:12: mqttsn.t_retry = 10: want a unit".
func (p Problem) String() string {
	switch {
	case p.File == "":
		return p.Text
	case p.Line == 0:
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

// Problems is an error: all that is wrong, a line each, in the file's order.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i := range p {
		lines[i] = p[i].String()
	}
	return strings.Join(lines, "\n")
}

// about tells whether one of p is about path.
func (p Problems) about(path string) bool {
	return slices.ContainsFunc(p, func(q Problem) bool { return q.path == path })
}

// err sorts p, and is nil if there is none.
func (p Problems) err() error {
	if len(p) == 0 {
		return nil
	}
	slices.SortFunc(p, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), strings.Compare(a.Text, b.Text))
	})
	return slices.Compact(p)
}
