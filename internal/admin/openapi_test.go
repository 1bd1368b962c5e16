package admin

import (
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
)

// Each route is described, each reference leads somewhere, and docs/admin.md has
// all of the API's paths.
func TestOpenAPI(t *testing.T) {
	b := newBench(t, nil)
	var d struct {
		OpenAPI    string
		Paths      map[string]map[string]struct{ Summary string }
		Components struct{ Schemas map[string]any }
	}
	_, _, text := b.ask("GET", "/api/v1/openapi.json", "", nil)
	if err := json.Unmarshal([]byte(text), &d); err != nil || d.OpenAPI != "3.1.0" {
		t.Fatalf("%v: %s", err, text)
	}
	guide, err := os.ReadFile("../../docs/admin.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range b.routes {
		if d.Paths[r.path][strings.ToLower(r.method)].Summary == "" {
			t.Errorf("%s %s is not described", r.method, r.path)
		}
		if !strings.Contains(string(guide), "`"+r.path+"`") {
			t.Errorf("docs/admin.md does not have `%s`", r.path)
		}
	}
	for _, part := range strings.Split(text, "#/components/schemas/")[1:] {
		name, _, _ := strings.Cut(part, `"`)
		if d.Components.Schemas[name] == nil {
			t.Errorf("%s is not described", name)
		}
	}
}

// What is answered is what the document says.
func TestAnswersAreAsDescribed(t *testing.T) {
	b := newBench(t, nil)
	b.session("a", "t/#")
	b.publish("t/1", "x", true)
	for _, r := range b.routes {
		if r.method != http.MethodGet || r.answer == nil {
			continue
		}
		path := r.path
		switch path {
		case "/api/v1/client":
			path += "?id=a"
		case "/api/v1/retained/message":
			path += "?topic=t/1"
		case "/readyz":
			b.Ready()
		}
		_, _, text := b.ask("GET", path, "", nil)
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(reflect.New(reflect.TypeOf(r.answer)).Interface()); err != nil {
			t.Errorf("GET %s: %v: %s", path, err, text)
		}
	}
}
