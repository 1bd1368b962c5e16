package config

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A variable of the environment stands for a key and goes before the file: the
// key in capitals, with SNBROKER_ in front and "_" for ".", as in
// SNBROKER_LIMITS_MAX_QUEUED. Listeners have their numbers, from 0 in the file's
// order: SNBROKER_MQTT_LISTENER_0_ADDRESS; the number after the last one makes
// one more. Topic ids keep theirs, and ClientIDs are written as they are:
// SNBROKER_MQTTSN_CLIENT_boiler-7_PREDEFINED_1. A list is separated by commas.

const variablePrefix = "SNBROKER_"

// notSettings are variables of other purposes: profiles, logging in at a running
// program, and tests.
var notSettings = []string{"SNBROKER_PPROF", "SNBROKER_ADMIN_PASSWORD", "SNBROKER_SEEDS", "SNBROKER_CRASHES"}

// variable is a setting from the environment.
type variable struct {
	name, text string
	table      []string // from the top
	listener   int      // its number, if table is that of listeners
	key        string
	kind       reflect.Type
}

var (
	listenerVariable   = regexp.MustCompile(`^(MQTT|MQTTSN)_LISTENER_(0|[1-9]\d{0,3})_(.+)$`)
	predefinedVariable = regexp.MustCompile(`^MQTTSN_(?:CLIENT_(.+)_)?PREDEFINED_(\d+)$`)
)

// variables finds the settings in environ, which is as os.Environ has it. What it
// cannot place is a Problem.
func variables(environ []string) (found []variable, wrong Problems) {
	for _, e := range environ {
		name, text, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, variablePrefix) || slices.Contains(notSettings, name) {
			continue
		}
		if !utf8.ValidString(e) {
			wrong = append(wrong, Problem{File: strings.ToValidUTF8(name, "?"), Text: "it is not UTF-8"})
			continue
		}
		if v, ok := place(strings.TrimPrefix(name, variablePrefix)); ok {
			v.name, v.text = name, text
			found = append(found, v)
		} else {
			wrong = append(wrong, Problem{File: name, Text: "there is no such setting" + suggestion(name)})
		}
	}
	// Listeners in their order, so that each is made after the one before.
	slices.SortFunc(found, func(a, b variable) int {
		return cmp.Or(cmp.Compare(a.listener, b.listener), cmp.Compare(a.name, b.name))
	})
	return found, wrong
}

// ofListeners tells whether the variable is of a listener.
func (v *variable) ofListeners() bool { return len(v.table) == 2 && v.table[1] == "listener" }

// place finds what a variable, without its prefix, stands for.
func place(name string) (variable, bool) {
	if m := predefinedVariable.FindStringSubmatch(name); m != nil {
		table := []string{"mqttsn", "predefined"}
		if m[1] != "" {
			table = []string{"mqttsn", "client", m[1], "predefined"}
		}
		return variable{table: table, key: m[2], kind: reflect.TypeFor[string]()}, true
	}
	m := listenerVariable.FindStringSubmatch(name)
	if m != nil {
		name = m[1] + "_LISTENER_" + m[3]
	}
	leaf, ok := leaves()[name]
	if !ok || (m != nil) != leaf.ofListeners() {
		return variable{}, false
	}
	if m != nil {
		leaf.listener, _ = strconv.Atoi(m[2]) // digits, says the expression
	}
	return leaf, true
}

// leaves are all keys that have a name of their own, by their variables' names
// without prefix and listeners' numbers.
func leaves() map[string]variable {
	all := make(map[string]variable)
	var walk func(table []string, t reflect.Type)
	walk = func(table []string, t reflect.Type) {
		for _, f := range reflect.VisibleFields(t) {
			tag, ok := f.Tag.Lookup("toml")
			if !ok {
				continue
			}
			inner := f.Type
			if inner.Kind() == reflect.Slice {
				inner = inner.Elem()
			}
			switch inner.Kind() {
			case reflect.Struct:
				walk(append(slices.Clone(table), tag), inner)
			case reflect.Map: // the keys are the user's
			default:
				name := strings.ToUpper(strings.Join(append(slices.Clone(table), tag), "_"))
				all[name] = variable{table: table, key: tag, kind: f.Type}
			}
		}
	}
	walk(nil, reflect.TypeFor[Config]())
	return all
}

// suggestion is the known variable most like name.
func suggestion(name string) string {
	number, plain := "0", strings.TrimPrefix(name, variablePrefix)
	if m := listenerVariable.FindStringSubmatch(plain); m != nil {
		number, plain = m[2], m[1]+"_LISTENER_"+m[3]
	}
	best, least := "", max(1, len(plain)/3)+1
	for known, v := range leaves() {
		shown := known
		if v.ofListeners() {
			shown = strings.Replace(known, "_LISTENER_", "_LISTENER_"+number+"_", 1)
		}
		if d := distance(plain, known); d < least || d == least && shown < best {
			least, best = d, shown
		}
	}
	if best == "" {
		return ""
	}
	return "; did you mean " + variablePrefix + best + "?"
}

// value is the variable's text as the parser would have found it in a file; what
// has another form is for the binder to refuse.
func (v *variable) value() any {
	kind := v.kind
	switch {
	case kind.Kind() == reflect.Slice:
		var list []any
		for part := range strings.SplitSeq(v.text, ",") {
			if part = strings.TrimSpace(part); part != "" {
				list = append(list, part)
			}
		}
		return list
	case kind.Kind() == reflect.String:
		return v.text
	case kind.Kind() == reflect.Bool:
		if b, err := strconv.ParseBool(v.text); err == nil {
			return b
		}
	default: // numbers, sizes and durations
		if n, err := strconv.ParseInt(v.text, 10, 64); err == nil {
			return n
		}
	}
	return v.text
}

// overlay puts variables over what a file had, and notes in src which are.
func overlay(tree map[string]any, found []variable, src *source) (wrong Problems) {
	for _, v := range found {
		path, table, err := v.find(tree)
		if err != nil {
			wrong = append(wrong, Problem{File: v.name, Text: err.Error()})
			continue
		}
		table[v.key] = v.value()
		src.variables[child(path, v.key)] = v.name
	}
	return wrong
}

// find returns the table that the variable's key is in, made if need be.
func (v *variable) find(tree map[string]any) (path string, table map[string]any, err error) {
	if v.ofListeners() {
		if table, err = subtable(tree, v.table[0]); err == nil {
			table, err = listenerTable(table, v.listener)
		}
		return element(child(v.table[0], "listener"), v.listener), table, err
	}
	table = tree
	for _, name := range v.table {
		if table, err = subtable(table, name); err != nil {
			break
		}
		path = child(path, name)
	}
	return path, table, err
}

var errNotTable = errors.New("the file has something else than a table where this would go")

func subtable(table map[string]any, name string) (map[string]any, error) {
	if table[name] == nil {
		table[name] = make(map[string]any)
	}
	inner, ok := table[name].(map[string]any)
	if !ok {
		return nil, errNotTable
	}
	return inner, nil
}

// listenerTable is the listener with this number. The built-in one counts where
// the file has none.
func listenerTable(table map[string]any, n int) (map[string]any, error) {
	var all []map[string]any
	switch have := table["listener"].(type) {
	case []map[string]any:
		all = have
	case []any:
		for _, e := range have {
			inner, ok := e.(map[string]any)
			if !ok {
				return nil, errNotTable
			}
			all = append(all, inner)
		}
	case nil:
		all = []map[string]any{{}}
	default:
		return nil, errNotTable
	}
	if n > len(all) {
		return nil, fmt.Errorf("there is no listener %d before it: they are numbered from 0", len(all))
	}
	if n == len(all) {
		all = append(all, make(map[string]any))
	}
	table["listener"] = all
	return all[n], nil
}
