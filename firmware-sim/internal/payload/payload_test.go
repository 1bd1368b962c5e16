package payload

import (
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"snbroker/firmware-sim/internal/chance"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func device(t *Template) Device {
	c := chance.New(1, 1)
	return Device{ID: "d-1", Count: 300, Command: "c7", Now: noon, Chance: &c, State: make([]float32, t.States())}
}

func compile(t *testing.T, s Spec) *Template {
	t.Helper()
	tmpl, err := Compile(s)
	if err != nil {
		t.Fatal(err)
	}
	return tmpl
}

func TestFormats(t *testing.T) {
	fields := []Field{{Name: "n", Kind: "counter", As: "u16", LPP: "illuminance", Channel: 3},
		{Name: "x", Kind: "constant", Value: -1.5, Decimals: 2, As: "f32le", LPP: "temperature", Channel: 4},
		{Name: "i", Kind: "constant", Value: int64(-2), As: "i8", LPP: "analog_in"},
		{Name: "t", Kind: "time", As: "u32", LPP: "digital_in"}}
	words := append(fields, Field{Name: "id", Kind: "id"}, Field{Name: "c", Kind: "command"}, Field{Name: "ok", Kind: "constant", Value: true})
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Spec{Format: "text", Text: "{{{n} {x} {id}/{c}", Pad: 20, Fields: words}, "{300 -1.50 d-1/c7..."},
		{Spec{Format: "json", Fields: words}, `{"n":300,"x":-1.50,"i":-2,"t":1767268800,"id":"d-1","c":"c7","ok":true}`},
		{Spec{Format: "cbor", Fields: words}, "hex:a7" + "616e19012c" + "6178fabfc00000" + "616921" + "61741a695661c0" + "626964" + "63642d31" + "6163" + "626337" + "626f6bf5"},
		{Spec{Format: "struct", Fields: fields}, "hex:012c" + "0000c0bf" + "fe" + "695661c0"},
		{Spec{Format: "cayenne", Fields: fields}, "hex:0365012c" + "0467fff1" + "0002ff38" + "0000c0"},
	} {
		tmpl := compile(t, c.spec)
		got := string(tmpl.Append(nil, device(tmpl)))
		if strings.HasPrefix(c.want, "hex:") {
			got = "hex:" + hex.EncodeToString([]byte(got))
		}
		if got != c.want {
			t.Errorf("%s:\n%s, want\n%s", c.spec.Format, got, c.want)
		}
	}
}

// Every value stays within its bounds, and a walk moves no more than its step.
func TestValues(t *testing.T) {
	for _, kind := range []string{"walk", "sine", "square", "saw", "random"} {
		tmpl := compile(t, Spec{Format: "json", Fields: []Field{{Name: "v", Kind: kind, Min: -5, Max: 5, Step: 0.5, Period: time.Minute, Decimals: 3}}})
		d := device(tmpl)
		before, different := 0.0, 0
		for i := range 500 {
			d.Now = d.Now.Add(time.Second)
			var got struct{ V float64 }
			if err := json.Unmarshal(tmpl.Append(nil, d), &got); err != nil {
				t.Fatal(err)
			}
			if got.V < -5 || got.V > 5 {
				t.Errorf("%s: %v", kind, got.V)
			}
			if kind == "walk" && i > 0 && (got.V-before > 0.502 || before-got.V > 0.502) {
				t.Errorf("a step from %v to %v", before, got.V)
			}
			if got.V != before {
				different++
			}
			before = got.V
		}
		if different < 5 {
			t.Errorf("%s stands still", kind)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		spec Spec
		want string
	}{
		{Spec{Format: "xml"}, `format "xml" is none of text, json`},
		{Spec{Format: "json"}, "needs fields"},
		{Spec{Format: "json", Fields: []Field{{Kind: "wlak"}}}, `kind "wlak" is none of`},
		{Spec{Format: "json", Fields: []Field{{Kind: "sine"}}}, "needs a period"},
		{Spec{Format: "json", Fields: []Field{{Kind: "random", Min: 1}}}, "max is less than min"},
		{Spec{Format: "json", Fields: []Field{{Kind: "constant"}}}, "needs a value"},
		{Spec{Format: "json", Fields: []Field{{Kind: "time", Decimals: 10}}}, "decimals"},
		{Spec{Format: "json", Pad: 1, Fields: ReadingFields()}, "pad is for text"},
		{Spec{Format: "text", Pad: -1}, "pad is from"},
		{Spec{Format: "text", Text: "{x"}, "not closed"},
		{Spec{Format: "text", Text: "{x}"}, `no field "x"`},
		{Spec{Format: "struct", Fields: []Field{{Kind: "time", As: "u64"}}}, `as "u64" is none of`},
		{Spec{Format: "cayenne", Fields: []Field{{Kind: "time", LPP: "smell"}}}, `lpp "smell" is none of`},
		{Spec{Format: "cayenne", Fields: []Field{{Kind: "time", LPP: "presence", Channel: 256}}}, "channel"},
	} {
		if _, err := Compile(c.spec); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.spec, err, c.want)
		}
	}
}
