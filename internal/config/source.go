package config

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// source is where a configuration was read.
type source struct {
	file  string
	lines map[string]int  // by path
	given map[string]bool // paths that the file, or a variable, has a value for

	variables map[string]string // names of variables, by the paths they stand for
}

// A path is a key in full, with the number of each listener:
// mqttsn.listener[1].address, mqttsn.client."a.b".predefined.7.

// child is the path of a key in a table.
func child(table, name string) string {
	quoted := toml.Key{name}.String()
	if table == "" {
		return quoted
	}
	return table + "." + quoted
}

// element is the path of a table in an array of tables.
func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

var indexes = regexp.MustCompile(`^(mqtt|mqttsn)\.listener\[\d+\]`)

// shown is how a path is shown to the user, who sees the line as well.
func shown(path string) string { return indexes.ReplaceAllString(path, "$1.listener") }

// line is the line of path, or of what it is in.
func (s *source) line(path string) int {
	for path != "" {
		if n, ok := s.lines[path]; ok {
			return n
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 0
}

// has tells whether the file has a value for path. Without a file it has none.
func (s *source) has(path string) bool { return s != nil && s.given[path] }

func (s *source) problem(path, text string) Problem {
	if s == nil {
		return Problem{Text: text, path: path}
	}
	if name, ok := s.variables[path]; ok {
		return Problem{File: name, Text: text, path: path}
	}
	if s.file == "" {
		return Problem{Text: text, path: path}
	}
	return Problem{File: s.file, Line: s.line(path), Text: text, path: path}
}

// origin is "config.toml:12", or "" without a file.
func (s *source) origin(path string) string {
	if n := s.line(path); n > 0 {
		return s.file + ":" + strconv.Itoa(n)
	}
	return ""
}

// from is where the value of path is from, "config.toml:12" or the name of a
// variable; "" for a default.
func (s *source) from(path string) string {
	switch {
	case !s.has(path):
		return ""
	case s.variables[path] != "":
		return s.variables[path]
	}
	return s.origin(path)
}
