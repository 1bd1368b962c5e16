package migrate

import (
	"fmt"
	"strconv"
	"strings"
)

// table is a table of a config.toml, [name] or, of listeners, [[name]].
type table struct {
	name string
	keys []setting
}

type setting struct {
	key, value string // as in the file
	from       string // "mosquitto.conf:3"
}

// set replaces what there was: in all of these programs the last line wins.
func (t *table) set(key, value string, from source) {
	for i := range t.keys {
		if t.keys[i].key == key {
			t.keys[i] = setting{key, value, from.String()}
			return
		}
	}
	t.keys = append(t.keys, setting{key, value, from.String()})
}

func (t *table) has(key string) bool {
	for _, s := range t.keys {
		if s.key == key {
			return true
		}
	}
	return false
}

// settings are a config.toml in the making.
type settings struct {
	tables    []*table
	listeners []*table
	left      []string // what was not taken over, a line each
}

func (s *settings) table(name string) *table {
	for _, t := range s.tables {
		if t.name == name {
			return t
		}
	}
	t := &table{name: name}
	s.tables = append(s.tables, t)
	return t
}

func (s *settings) listener(name string) *table {
	t := &table{name: name}
	s.listeners = append(s.listeners, t)
	return t
}

// leave notes what is not taken over, and why.
func (s *settings) leave(at source, why string) {
	s.left = append(s.left, fmt.Sprintf("%v: %s: %s", at, printable(hidden(at.text)), why))
}

// hidden keeps secrets out of what is printed.
func hidden(text string) string {
	for _, word := range []string{"password", "Password", "psk"} {
		if i := strings.Index(text, word); i >= 0 && !strings.Contains(text[i:], "_file") {
			return text[:i+len(word)] + " ..."
		}
	}
	return text
}

// printable keeps a comment on its line.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
}

// String is the config.toml.
func (s *settings) String() string {
	var b strings.Builder
	b.WriteString("# Made by snbroker import. Settings that are not here have their defaults.\n")
	for _, t := range s.tables {
		if len(t.keys) > 0 {
			fmt.Fprintf(&b, "\n[%s]\n", t.name)
			t.print(&b)
		}
	}
	for _, t := range s.listeners {
		fmt.Fprintf(&b, "\n[[%s]]\n", t.name)
		t.print(&b)
	}
	if len(s.left) > 0 {
		b.WriteString("\n# Not taken over:\n")
		for _, l := range s.left {
			fmt.Fprintf(&b, "#   %s\n", l)
		}
	}
	return b.String()
}

func (t *table) print(b *strings.Builder) {
	for _, s := range t.keys {
		fmt.Fprintf(b, "%s = %s  # %s\n", s.key, s.value, s.from)
	}
}

// quote is a text as TOML has it.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(s, "?") {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func quoteAll(list []string) string {
	quoted := make([]string, len(list))
	for i := range list {
		quoted[i] = quote(list[i])
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

func number(text string, least, most int64) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil && n >= least && n <= most
}
