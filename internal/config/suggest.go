package config

import (
	"fmt"
	"reflect"
	"strings"
)

// later are tables that this program will have, and has not yet.
var later = map[string]bool{"upstream": true}

// unknown is the message for a key that there is not.
func unknown(table, name string) string {
	path := shown(child(table, name))
	if table == "" && later[name] {
		return fmt.Sprintf("[%s] is not supported yet by this version; remove it", name)
	}
	text := "unknown key " + path
	table = shown(table)
	if strings.HasPrefix(table, keyClient+".") {
		table = anyClient
	}
	best, where := nearest(table, name)
	switch {
	case best == "":
		return text
	case best == name:
		return fmt.Sprintf("%s; %s belongs in %s", text, name, where)
	case where == header(table):
		return fmt.Sprintf("%s; did you mean %s?", text, best)
	}
	return fmt.Sprintf("%s; did you mean %s in %s?", text, best, where)
}

// nearest finds the known key most like name, first in the same table, and the
// table it is in. best is "" if none is near.
func nearest(table, name string) (best, where string) {
	least := max(1, len(name)/3) + 1
	for _, k := range Keys() {
		at, known := "", k
		if i := strings.LastIndexByte(k, '.'); i >= 0 {
			at, known = k[:i], k[i+1:]
		}
		d := distance(strings.ToLower(name), known)
		if at == table {
			d-- // ties go to the same table
		}
		if d < least {
			least, best, where = d, known, header(at)
		}
	}
	return best, where
}

// header is how a table begins in the file.
func header(table string) string {
	switch {
	case table == "":
		return "the top of the file"
	case strings.HasSuffix(table, ".listener"):
		return "[[" + table + "]]"
	}
	return "[" + table + "]"
}

// anyClient stands for the table of one ClientID.
const anyClient = keyClient + ".ID"

// Keys lists every key and table there is, as in mqttsn.listener.address.
func Keys() []string { return keysOf("", reflect.TypeFor[Config]()) }

func keysOf(table string, t reflect.Type) []string {
	var keys []string
	for _, f := range reflect.VisibleFields(t) {
		tag, ok := f.Tag.Lookup("toml")
		if !ok {
			continue
		}
		path := child(table, tag)
		keys = append(keys, path)
		inner := f.Type
		switch inner.Kind() {
		case reflect.Slice:
			inner = inner.Elem()
		case reflect.Map:
			path, inner = child(path, "ID"), inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			keys = append(keys, keysOf(path, inner)...)
		}
	}
	return keys
}

// distance is how many letters must be put in, left out, changed, or swapped
// with their neighbour to make b of a.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
