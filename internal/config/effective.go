package config

import (
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
)

// Print writes the settings in force as a config.toml, each with where it is
// from: a line of the file, or a variable of the environment. Defaults have a "#"
// in front. There are no secrets in it; those are in files of their own.
func (c *Config) Print(w io.Writer) error {
	p := printer{src: c.src, w: w}
	p.table("", "", reflect.ValueOf(c).Elem())
	return p.err
}

type printer struct {
	src *source
	w   io.Writer
	err error // the first one; nothing is written after it
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}

// table prints the keys of a table, then the tables in it. path has listeners'
// numbers, name is what the file would say.
func (p *printer) table(path, name string, v reflect.Value) {
	var inner []func()
	for _, f := range reflect.VisibleFields(v.Type()) {
		tag, ok := f.Tag.Lookup("toml")
		if !ok {
			continue
		}
		at, its, field := child(path, tag), child(name, tag), v.FieldByIndex(f.Index)
		switch {
		case field.Kind() == reflect.Struct:
			inner = append(inner, func() { p.line("\n[%s]", its); p.table(at, its, field) })
		case field.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
			if field.Len() == 0 {
				p.line("%s = []", tag)
			}
			for i := range field.Len() {
				inner = append(inner, func() { p.line("\n[[%s]]", its); p.table(element(at, i), its, field.Index(i)) })
			}
		case field.Kind() == reflect.Map:
			inner = append(inner, func() { p.dictionary(at, its, field) })
		default:
			p.setting(at, tag, field)
		}
	}
	for _, print := range inner {
		print()
	}
}

// dictionary prints a table whose keys are the user's own.
func (p *printer) dictionary(path, name string, v reflect.Value) {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	texts := v.Type().Elem().Kind() == reflect.String
	if texts && len(keys) > 0 {
		p.line("\n[%s]", name)
	}
	for _, k := range keys {
		at := child(path, k.String())
		if texts {
			p.setting(at, child("", k.String()), v.MapIndex(k))
		} else {
			p.table(at, child(name, k.String()), v.MapIndex(k))
		}
	}
}

func (p *printer) setting(path, key string, v reflect.Value) {
	if origin := p.src.from(path); origin != "" {
		p.line("%s = %s  # %s", key, written(v), strings.Map(visible, origin))
	} else {
		p.line("#%s = %s", key, written(v))
	}
}

// written is a value as in the file.
func written(v reflect.Value) string {
	if v.Kind() == reflect.Slice {
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = written(v.Index(i))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	if v.Kind() == reflect.String {
		return text(v.String())
	}
	return quoted(v.Interface())
}

// text is a text in quotes, as TOML has it.
func text(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case visible(r) != r:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	return `"` + b.String() + `"`
}

// visible stands in for what a comment may not have.
func visible(r rune) rune {
	if r < ' ' || r == 0x7f {
		return '?'
	}
	return r
}
