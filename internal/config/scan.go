package config

import (
	"strconv"
	"strings"
)

// scanLines finds the line of each table and key. text is TOML that the parser
// has accepted, so that the scan needs no error handling; keys in inline tables
// are not looked for.
func scanLines(text string) map[string]int {
	s := scan{text: text, line: 1, lines: make(map[string]int), elements: make(map[string]int)}
	table := ""
	for s.blanks(); s.pos < len(s.text); s.blanks() {
		line := s.line
		if s.peek("[") {
			table = s.header()
			s.note(table, line)
			continue
		}
		path := table
		for _, name := range s.key() {
			path = child(path, name)
			s.note(path, line)
		}
		s.take("=")
		s.value()
	}
	return s.lines
}

type scan struct {
	text     string
	pos      int
	line     int
	lines    map[string]int
	elements map[string]int // of arrays of tables, by path, so far
}

// note keeps the first line of a path.
func (s *scan) note(path string, line int) {
	if _, ok := s.lines[path]; !ok {
		s.lines[path] = line
	}
}

func (s *scan) peek(prefix string) bool { return strings.HasPrefix(s.text[s.pos:], prefix) }

func (s *scan) take(prefix string) bool {
	if !s.peek(prefix) {
		return false
	}
	s.line += strings.Count(prefix, "\n")
	s.pos += len(prefix)
	return true
}

// skip moves on by at most n octets.
func (s *scan) skip(n int) {
	s.take(s.text[s.pos:min(s.pos+n, len(s.text))])
}

func (s *scan) spaces() {
	for s.take(" ") || s.take("\t") {
	}
}

func (s *scan) comment() {
	if n := strings.IndexByte(s.text[s.pos:], '\n'); n >= 0 {
		s.skip(n)
	} else {
		s.pos = len(s.text)
	}
}

func (s *scan) blanks() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.skip(1)
		case '#':
			s.comment()
		default:
			return
		}
	}
}

// header takes [a.b] or [[a.b]] and returns the path of the table.
func (s *scan) header() string {
	s.take("[")
	array := s.take("[")
	names := s.key()
	s.take("]")
	s.take("]")
	path := ""
	for i, name := range names {
		path = child(path, name)
		if array && i == len(names)-1 {
			s.elements[path]++
		}
		if n := s.elements[path]; n > 0 {
			path = element(path, n-1)
		}
	}
	return path
}

// key takes a dotted key.
func (s *scan) key() []string {
	var names []string
	for {
		s.spaces()
		start := s.pos
		switch {
		case s.peek(`"`), s.peek(`'`):
			s.str()
			name := s.text[start:s.pos]
			if plain, err := strconv.Unquote(name); err == nil && name[0] == '"' {
				name = plain
			} else {
				name = name[1 : len(name)-1]
			}
			names = append(names, name)
		default:
			for s.pos < len(s.text) && !strings.ContainsRune(" \t.=]", rune(s.text[s.pos])) {
				s.skip(1)
			}
			names = append(names, s.text[start:s.pos])
		}
		s.spaces()
		if !s.take(".") {
			return names
		}
	}
}

// value takes a value, up to the end of its last line or a comment there.
func (s *scan) value() {
	depth := 0
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == '"' || c == '\'':
			s.str()
			continue
		case c == '#':
			s.comment()
			continue
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			depth--
		case c == '\n' && depth == 0:
			return
		}
		s.skip(1)
	}
}

// str takes a string of any of the four kinds.
func (s *scan) str() {
	quote := s.text[s.pos : s.pos+1]
	end := quote
	if s.peek(strings.Repeat(quote, 3)) {
		end = strings.Repeat(quote, 3)
	}
	s.take(end)
	for s.pos < len(s.text) && !s.take(end) {
		if quote == `"` && s.peek(`\`) {
			s.skip(1)
		}
		s.skip(1)
	}
	for end != quote && s.take(quote) { // """a"""" ends in a quote of its own
	}
}
