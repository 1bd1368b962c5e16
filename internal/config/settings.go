package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Setting is one of the settings in force, for people to read.
type Setting struct {
	Key     string // "limits.max_queued", "mqtt.listener[0].address"
	Value   string
	Default bool // it is what it would be without a file
}

// Settings lists all of them in the order of the structs. What they say is no
// secret: passwords and keys are in files, of which only the names are here.
func (c *Config) Settings() (all []Setting) {
	usual := Default()
	usual.MQTT.Listeners[0].AllowAnonymous, usual.MQTTSN.Listeners[0].AllowAnonymous = false, false
	listSettings("", reflect.ValueOf(c).Elem(), reflect.ValueOf(usual).Elem(), &all)
	return all
}

func listSettings(table string, v, usual reflect.Value, all *[]Setting) {
	for _, f := range reflect.VisibleFields(v.Type()) {
		tag, ok := f.Tag.Lookup("toml")
		if !ok {
			continue
		}
		path, x, d := child(table, tag), v.FieldByIndex(f.Index), usual.FieldByIndex(f.Index)
		switch {
		case f.Type.Kind() == reflect.Struct:
			listSettings(path, x, d, all)
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
			for i := range x.Len() {
				listSettings(element(path, i), x.Index(i), d.Index(0), all)
			}
		default:
			*all = append(*all, Setting{path, shownText(x), same(x, d)})
		}
	}
}

func shownText(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.Map:
		var lines []string
		for _, k := range v.MapKeys() {
			lines = append(lines, fmt.Sprintf("%v = %s", k, shownText(v.MapIndex(k))))
		}
		slices.Sort(lines)
		return strings.Join(lines, ", ")
	case v.Kind() == reflect.Slice:
		var items []string
		for i := range v.Len() {
			items = append(items, shownText(v.Index(i)))
		}
		return strings.Join(items, ", ")
	case v.Kind() == reflect.Struct:
		return shownText(v.Field(0))
	}
	return fmt.Sprint(v.Interface())
}
