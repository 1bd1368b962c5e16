package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"
)

// setter is a value of its own kind. What it refuses leaves it as it was.
type setter interface{ set(v any) error }

// defaulter is an element of an array of tables that begins with defaults.
type defaulter interface{ setDefaults() }

// binder puts what the parser found into the structs, where the defaults are.
type binder struct {
	src      *source
	problems Problems
}

func (b *binder) wrong(path, format string, args ...any) {
	b.problems = append(b.problems, b.src.problem(path, fmt.Sprintf(format, args...)))
}

// refuse tells that a value is not what its key takes.
func (b *binder) refuse(path string, v any, text string) {
	b.wrong(path, "%s = %s: %s", shown(path), literal(v), text)
}

func (b *binder) bind(path string, dst reflect.Value, v any) {
	b.src.given[path] = true
	if s, ok := dst.Addr().Interface().(setter); ok {
		if err := s.set(v); err != nil {
			b.refuse(path, v, err.Error())
		}
		return
	}
	switch dst.Kind() {
	case reflect.Struct:
		b.table(path, dst, v)
	case reflect.Map:
		b.dictionary(path, dst, v)
	case reflect.Slice:
		if dst.Type().Elem().Kind() == reflect.Struct {
			b.tables(path, dst, v)
		} else {
			b.list(path, dst, v)
		}
	case reflect.String:
		bindAs[string](b, path, dst, v, "want text in quotes")
	case reflect.Bool:
		bindAs[bool](b, path, dst, v, "want true or false")
	case reflect.Int:
		bindAs[int64](b, path, dst, v, "want a whole number")
	default:
		panic("config: no rule for " + dst.Type().String())
	}
}

func bindAs[T any](b *binder, path string, dst reflect.Value, v any, want string) {
	if _, ok := v.(T); !ok {
		b.refuse(path, v, want)
		return
	}
	dst.Set(reflect.ValueOf(v).Convert(dst.Type()))
}

// table binds the keys of a table to the fields of a struct, by their tags.
func (b *binder) table(path string, dst reflect.Value, v any) {
	t, ok := v.(map[string]any)
	if !ok {
		b.wrong(path, "%s is a table: write its settings below a line [%[1]s]", shown(path))
		return
	}
	for name, v := range t {
		if field, ok := fieldOf(dst.Type(), name); ok {
			b.bind(child(path, name), dst.FieldByIndex(field.Index), v)
		} else {
			b.wrong(child(path, name), "%s", unknown(path, name))
		}
	}
}

// tables binds an array of tables. It replaces the built-in one.
func (b *binder) tables(path string, dst reflect.Value, v any) {
	var elements []any
	switch v := v.(type) {
	case []map[string]any:
		for _, t := range v {
			elements = append(elements, t)
		}
	case []any:
		elements = v
	default:
		b.wrong(path, "there may be several of [[%s]]: write it with two brackets", shown(path))
		return
	}
	out := reflect.MakeSlice(dst.Type(), len(elements), len(elements))
	for i, v := range elements {
		if d, ok := out.Index(i).Addr().Interface().(defaulter); ok {
			d.setDefaults()
		}
		b.bind(element(path, i), out.Index(i), v)
	}
	dst.Set(out)
}

// dictionary binds a table whose keys are the user's own.
func (b *binder) dictionary(path string, dst reflect.Value, v any) {
	t, ok := v.(map[string]any)
	if !ok {
		b.wrong(path, "%s is a table: write its settings below a line [%[1]s]", shown(path))
		return
	}
	out := reflect.MakeMap(dst.Type())
	for name, v := range t {
		e := reflect.New(dst.Type().Elem()).Elem()
		b.bind(child(path, name), e, v)
		out.SetMapIndex(reflect.ValueOf(name), e)
	}
	dst.Set(out)
}

func (b *binder) list(path string, dst reflect.Value, v any) {
	texts, ok := textList(v)
	if !ok {
		b.refuse(path, v, `want a list of texts, such as ["a", "b"]`)
		return
	}
	dst.Set(reflect.ValueOf(texts))
}

func textList(v any) ([]string, bool) {
	elements, ok := v.([]any)
	if !ok {
		return nil, false
	}
	texts := make([]string, len(elements))
	for i := range elements {
		if texts[i], ok = elements[i].(string); !ok {
			return nil, false
		}
	}
	return texts, true
}

// literal shows a value as in the file.
func literal(v any) string {
	switch v := v.(type) {
	case string:
		return fmt.Sprintf("%q", v)
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = literal(v[i])
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any, []map[string]any:
		return "a table"
	}
	return fmt.Sprint(v)
}

func fieldOf(t reflect.Type, name string) (reflect.StructField, bool) {
	for _, f := range reflect.VisibleFields(t) {
		if tag, ok := f.Tag.Lookup("toml"); ok && tag == name {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// parse reads TOML. A syntax error is a Problem, the only one.
func parse(file, text string) (map[string]any, error) {
	tree := make(map[string]any)
	_, err := toml.Decode(text, &tree)
	if err == nil {
		return tree, nil
	}
	if at, ok := err.(toml.ParseError); ok {
		return nil, Problems{{File: file, Line: at.Position.Line, Text: at.Message}}
	}
	return nil, Problems{{File: file, Text: err.Error()}}
}
