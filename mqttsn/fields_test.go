package mqttsn

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// parseOctets reads hex octets, spaced as one likes; 41*300 is 300 times 41.
func parseOctets(s string) ([]byte, error) {
	var b []byte
	for _, word := range strings.Fields(strings.ReplaceAll(s, "+", " ")) {
		digits, n, err := repeated(word)
		if err != nil {
			return nil, err
		}
		octets, err := hex.DecodeString(digits)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", word, err)
		}
		b = append(b, bytes.Repeat(octets, n)...)
	}
	return b, nil
}

func repeated(s string) (unit string, n int, err error) {
	unit, times, found := strings.Cut(s, "*")
	if !found {
		return unit, 1, nil
	}
	n, err = strconv.Atoi(times)
	return unit, n, err
}

// structs are what a vector can name. They are written down here, not taken
// from the Decoder under test.
var structs = []any{
	Advertise{}, SearchGw{}, GwInfo{}, Auth{}, Connect{}, ConnAck{},
	WillTopicReq{}, WillTopic{}, WillMsgReq{}, WillMsg{},
	Register{}, RegAck{}, Publish{}, PubAck{}, PubComp{}, PubRec{}, PubRel{},
	Subscribe{}, SubAck{}, Unsubscribe{}, UnsubAck{},
	PingReq{}, PingResp{}, Disconnect{},
	WillTopicUpd{}, WillTopicResp{}, WillMsgUpd{}, WillMsgResp{},
	Encapsulated{},
}

// parseStruct reads `Publish QoS=1 Data="hi"` into a *Publish.
func parseStruct(t testing.TB, s string) any {
	t.Helper()
	words := strings.Fields(s)
	if len(words) == 0 {
		t.Fatal("no struct named")
	}
	var v reflect.Value
	for _, s := range structs {
		if typ := reflect.TypeOf(s); typ.Name() == words[0] {
			v = reflect.New(typ)
		}
	}
	if !v.IsValid() {
		t.Fatalf("no struct %q", words[0])
	}
	for _, word := range words[1:] {
		name, value, _ := strings.Cut(word, "=")
		field := v.Elem().FieldByName(name)
		if !field.IsValid() {
			t.Fatalf("%s has no field %q", words[0], name)
		}
		if err := setField(field, value); err != nil {
			t.Fatalf("%s: %v", word, err)
		}
	}
	return v.Interface()
}

func setField(field reflect.Value, value string) error {
	switch field.Kind() {
	case reflect.Bool:
		b, err := strconv.ParseBool(value)
		field.SetBool(b)
		return err
	case reflect.Uint8, reflect.Uint16:
		n, err := strconv.ParseUint(value, 0, field.Type().Bits())
		field.SetUint(n)
		return err
	case reflect.Slice:
		if !strings.HasPrefix(value, `"`) {
			b, err := parseOctets(value)
			field.SetBytes(b)
			return err
		}
		quoted, n, err := repeated(value)
		if err != nil {
			return err
		}
		s, err := strconv.Unquote(quoted)
		field.SetBytes(bytes.Repeat([]byte(s), n))
		return err
	}
	return fmt.Errorf("cannot set a %v", field.Kind())
}

// same compares two pointers to structs; empty and nil slices are equal.
func same(a, b any) bool {
	va, vb := reflect.ValueOf(a), reflect.ValueOf(b)
	if va.Type() != vb.Type() {
		return false
	}
	va, vb = va.Elem(), vb.Elem()
	for i := range va.NumField() {
		fa, fb := va.Field(i), vb.Field(i)
		if fa.Kind() == reflect.Slice {
			if !bytes.Equal(fa.Bytes(), fb.Bytes()) {
				return false
			}
		} else if !fa.Equal(fb) {
			return false
		}
	}
	return true
}

// clone copies a message out of its Decoder, slices and all.
func clone(m Message) Message {
	c := reflect.New(reflect.TypeOf(m).Elem())
	c.Elem().Set(reflect.ValueOf(m).Elem())
	for i := range c.Elem().NumField() {
		if f := c.Elem().Field(i); f.Kind() == reflect.Slice {
			f.SetBytes(bytes.Clone(f.Bytes()))
		}
	}
	return c.Interface().(Message)
}
