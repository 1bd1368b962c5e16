package scenario

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"
)

// places finds the line of each key and table, as in "population.0.topic". It is
// for messages: keys within braces or several lines are not looked for.
func places(text string) map[string]int {
	at := make(map[string]int)
	elements := make(map[string]int)
	table := ""
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if header, ok := strings.CutPrefix(line, "[["); ok {
			name, _, _ := strings.Cut(header, "]")
			name = inside(strings.TrimSpace(name), elements)
			table = fmt.Sprintf("%s.%d", name, elements[name])
			elements[name]++
			at[table] = i + 1
		} else if header, ok := strings.CutPrefix(line, "["); ok {
			name, _, _ := strings.Cut(header, "]")
			table = inside(strings.TrimSpace(name), elements)
			at[table] = i + 1
		} else if key, _, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			key = strings.Trim(strings.TrimSpace(key), `"`)
			if table != "" {
				key = table + "." + key
			}
			if at[key] == 0 {
				at[key] = i + 1
			}
		}
	}
	return at
}

// inside puts the number of the last element after the name of each array.
func inside(name string, elements map[string]int) string {
	path := ""
	for i, part := range strings.Split(name, ".") {
		if path != "" {
			path += "."
		}
		path += part
		if n := elements[path]; n > 0 && i < strings.Count(name, ".") {
			path = fmt.Sprintf("%s.%d", path, n-1)
		}
	}
	return path
}

// shown is a key without the numbers of elements.
func shown(key string) string {
	var parts []string
	for _, p := range strings.Split(key, ".") {
		if strings.Trim(p, "0123456789") != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, ".")
}

// unknown is the error for keys that there are not: the first one, its line and
// the nearest key that there is.
func (l *loader) unknown(keys []toml.Key) error {
	key := strings.Join(keys[0], ".")
	// The parser does not number elements: of those with the key, the first.
	line := 0
	for k, n := range l.places {
		if shown(k) == shown(key) && (line == 0 || n < line) {
			line = n
		}
	}
	message := fmt.Sprintf("%s:%d: there is no key %s", l.name, line, shown(key))
	if near := nearest(shown(key)); near != "" {
		message += "; did you mean " + near + "?"
	}
	return fmt.Errorf("%s", message)
}

// Keys are all keys of a scenario file, with NAME where the file chooses one.
func Keys() []string {
	keys := keysOf("", reflect.TypeFor[file]())
	keys = append(keys, keysOf("radio.NAME.", reflect.TypeFor[radioTable]())...)
	keys = append(keys, keysOf("battery.NAME.", reflect.TypeFor[batteryTable]())...)
	keys = append(keys, keysOf("population.", reflect.TypeFor[Population]())...)
	for _, m := range Metrics {
		keys = append(keys, "assert."+m.Name)
	}
	return keys
}

func keysOf(prefix string, t reflect.Type) (keys []string) {
	for i := range t.NumField() {
		tag, inner := t.Field(i).Tag.Get("toml"), t.Field(i).Type
		if tag == "-" || tag == "" {
			continue
		}
		if inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		switch {
		case inner == reflect.TypeFor[toml.Primitive](), inner.Kind() == reflect.Map:
		case inner.Kind() == reflect.Struct && inner.Name() != "Time":
			keys = append(keys, keysOf(prefix+tag+".", inner)...)
		default:
			keys = append(keys, prefix+tag)
		}
	}
	return keys
}

// nearest is the key most like one that there is not: in the same table, or
// with the same name elsewhere.
func nearest(key string) string {
	best, least := "", 4
	for _, k := range Keys() {
		table, name := split(k)
		wrongTable, wrong := split(key)
		table = strings.Replace(table, "NAME", second(wrongTable), 1)
		d := distance(name, wrong)
		if table != wrongTable {
			d += 2
		}
		if d < least {
			best, least = k, d
		}
	}
	return best
}

func split(key string) (table, name string) {
	i := strings.LastIndexByte(key, '.')
	if i < 0 {
		return "", key
	}
	return key[:i], key[i+1:]
}

func second(table string) string {
	_, name, _ := strings.Cut(table, ".")
	return name
}

// distance is how many letters differ: put in, left out, or changed.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
