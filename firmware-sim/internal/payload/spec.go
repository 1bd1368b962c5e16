// Package payload makes what devices publish: text, JSON, CBOR, Cayenne LPP or
// packed octets, from counters, walks, waves and clocks.
package payload

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Spec describes payloads, as in a scenario file.
type Spec struct {
	Format string  `toml:"format"` // one of Formats
	Text   string  `toml:"text"`   // of "text": names of fields in braces
	Pad    int     `toml:"pad"`    // octets at least; "text" only
	Fields []Field `toml:"field"`
}

// Field is one value.
type Field struct {
	Name     string        `toml:"name"`
	Kind     string        `toml:"kind"` // one of Kinds
	Min      float64       `toml:"min"`
	Max      float64       `toml:"max"`
	Step     float64       `toml:"step"`     // of a walk: the most that it moves
	Period   time.Duration `toml:"period"`   // of a wave
	Decimals int           `toml:"decimals"` // in text and JSON
	Value    any           `toml:"value"`    // of a constant
	As       string        `toml:"as"`       // in "struct": one of Layouts
	LPP      string        `toml:"lpp"`      // in "cayenne": one of LPPTypes
	Channel  int           `toml:"channel"`  // in "cayenne"
}

// Formats, Kinds and Layouts are the words that a Spec may use.
var (
	Formats = []string{"text", "json", "cbor", "cayenne", "struct"}
	Kinds   = []string{"counter", "walk", "sine", "square", "saw", "random", "time", "id", "command", "constant"}
	Layouts = []string{"u8", "i8", "u16", "u16le", "i16", "i16le", "u32", "u32le", "i32", "i32le", "f32", "f32le", "f64", "f64le"}
)

// ReadingFields are those of a device that was told nothing else.
func ReadingFields() []Field {
	return []Field{{Name: "n", Kind: "counter"}, {Name: "t", Kind: "walk", Min: 15, Max: 30, Step: 0.2, Decimals: 1}}
}

// Compile checks a Spec. The error says which field, and what it may be.
func Compile(s Spec) (*Template, error) {
	t := &Template{spec: s}
	if !slices.Contains(Formats, s.Format) {
		return nil, fmt.Errorf("format %q is none of %s", s.Format, strings.Join(Formats, ", "))
	}
	if s.Format != "text" && s.Pad > 0 {
		return nil, fmt.Errorf("pad is for text")
	}
	if s.Pad < 0 || s.Pad > 60000 {
		return nil, fmt.Errorf("pad is from 0 to 60000 octets")
	}
	for i, f := range s.Fields {
		if err := t.compile(f); err != nil {
			return nil, fmt.Errorf("field %d (%s): %w", i+1, f.Name, err)
		}
	}
	if s.Format == "text" {
		return t, t.parse(s.Text)
	}
	if len(s.Fields) == 0 {
		return nil, fmt.Errorf("a payload in %s needs fields", s.Format)
	}
	return t, nil
}

func (t *Template) compile(f Field) error {
	c := field{Field: f, state: -1}
	switch i := slices.Index(Kinds, f.Kind); {
	case i < 0:
		return fmt.Errorf("kind %q is none of %s", f.Kind, strings.Join(Kinds, ", "))
	case f.Kind == "walk":
		c.state = t.states
		t.states++
	case f.Kind == "constant" && f.Value == nil:
		return fmt.Errorf("a constant needs a value")
	}
	if f.Max < f.Min {
		return fmt.Errorf("max is less than min")
	}
	if slices.Contains([]string{"sine", "square", "saw"}, f.Kind) && f.Period <= 0 {
		return fmt.Errorf("a wave needs a period")
	}
	if f.Decimals < 0 || f.Decimals > 9 {
		return fmt.Errorf("decimals are from 0 to 9")
	}
	if t.spec.Format == "struct" && !slices.Contains(Layouts, f.As) {
		return fmt.Errorf("as %q is none of %s", f.As, strings.Join(Layouts, ", "))
	}
	if t.spec.Format == "cayenne" {
		if c.lpp = slices.IndexFunc(lppTypes, func(l lppType) bool { return l.name == f.LPP }); c.lpp < 0 {
			return fmt.Errorf("lpp %q is none of %s", f.LPP, strings.Join(LPPTypes(), ", "))
		}
		if f.Channel < 0 || f.Channel > 255 {
			return fmt.Errorf("a channel is from 0 to 255")
		}
	}
	t.fields = append(t.fields, c)
	return nil
}

// parse cuts a text at its braces. {{ is a brace.
func (t *Template) parse(text string) error {
	for text != "" {
		i := strings.IndexByte(text, '{')
		if i < 0 {
			i = len(text)
		}
		if i > 0 {
			t.parts = append(t.parts, part{literal: text[:i], field: -1})
			text = text[i:]
			continue
		}
		if strings.HasPrefix(text, "{{") {
			t.parts = append(t.parts, part{literal: "{", field: -1})
			text = text[2:]
			continue
		}
		name, rest, ok := strings.Cut(text[1:], "}")
		if !ok {
			return fmt.Errorf("text %q: a brace is not closed; write {{ for a brace", t.spec.Text)
		}
		n := slices.IndexFunc(t.fields, func(f field) bool { return f.Name == name })
		if n < 0 {
			return fmt.Errorf("text: there is no field %q", name)
		}
		t.parts = append(t.parts, part{field: n})
		text = rest
	}
	return nil
}
