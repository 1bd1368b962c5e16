package config

import "reflect"

// Changed lists the keys whose values differ between two configurations; a
// listener that differs is listed as a whole.
func Changed(a, b *Config) []string {
	return changed("", reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem())
}

// Same tells whether two listeners are set alike, wherever they stand.
func (l *MQTTListener) Same(o *MQTTListener) bool {
	return same(reflect.ValueOf(*l), reflect.ValueOf(*o))
}

// Same tells whether two listeners are set alike, wherever they stand.
func (l *MQTTSNListener) Same(o *MQTTSNListener) bool {
	return same(reflect.ValueOf(*l), reflect.ValueOf(*o))
}

func changed(table string, a, b reflect.Value) []string {
	var keys []string
	for _, f := range reflect.VisibleFields(a.Type()) {
		tag, ok := f.Tag.Lookup("toml")
		if !ok {
			continue
		}
		path, x, y := child(table, tag), a.FieldByIndex(f.Index), b.FieldByIndex(f.Index)
		if f.Type.Kind() == reflect.Struct {
			keys = append(keys, changed(path, x, y)...)
		} else if !same(x, y) {
			keys = append(keys, path)
		}
	}
	return keys
}

// same compares what was set: not the lines it stands on, and no list is the
// same as an empty one.
func same(x, y reflect.Value) bool {
	switch {
	case x.Kind() == reflect.Slice:
		if x.Len() != y.Len() {
			return false
		}
		for i := range x.Len() {
			if !same(x.Index(i), y.Index(i)) {
				return false
			}
		}
		return true
	case x.Kind() == reflect.Map && x.Len()+y.Len() == 0:
		return true
	case x.Kind() == reflect.Struct:
		return len(changed("", x, y)) == 0
	}
	return reflect.DeepEqual(x.Interface(), y.Interface())
}
