package admin

import (
	"net/http"
	"reflect"
	"strings"
	"time"
)

// object is a JSON object.
type object map[string]any

// openAPI serves the document that describes the API (OpenAPI 3.1), made of the
// routes: what is not in it is not there.
func (s *Server) openAPI(w http.ResponseWriter, _ *http.Request) {
	d := document{schemas: make(object)}
	paths := make(object)
	for _, r := range s.routes {
		at, ok := paths[r.path].(object)
		if !ok {
			at = make(object)
			paths[r.path] = at
		}
		at[strings.ToLower(r.method)] = d.operation(&r)
	}
	answer(w, http.StatusOK, object{
		"openapi": "3.1.0",
		"info": object{"title": "snbroker", "version": "1", "description": "Looking into a running snbroker, and changing what it holds. " +
			"Times are RFC 3339, durations seconds, sizes octets. Names may be added to answers; those that are there stay."},
		"paths": paths,
		"components": object{"schemas": d.schemas, "securitySchemes": object{
			"basic":  object{"type": "http", "scheme": "basic"},
			"cookie": object{"type": "apiKey", "in": "cookie", "name": cookieName, "description": "Changes need the X-CSRF-Token header, too."},
		}},
	})
}

// document gathers the schemas that operations name.
type document struct{ schemas object }

func (d *document) operation(r *route) object {
	responses := object{"default": d.content("what went wrong", "application/json", Problem{})}
	switch {
	case r.stream:
		d.schema(reflect.TypeFor[TracedPacket]())
		responses["200"] = object{"description": "goes on until the client leaves"}
	case r.answer != nil:
		responses["200"] = d.content("done", "application/json", r.answer)
	default:
		responses["2XX"] = object{"description": "done"}
	}
	op := object{"summary": r.summary, "responses": responses}
	if r.access != open {
		op["security"] = []object{{"basic": []string{}}, {"cookie": []string{}}}
	}
	var params []object
	for _, p := range r.query {
		params = append(params, object{"name": p.name, "in": "query", "description": p.text, "schema": object{"type": p.kind}})
	}
	if params != nil {
		op["parameters"] = params
	}
	if r.body != nil {
		op["requestBody"] = d.content("", "application/json", r.body)
	}
	return op
}

func (d *document) content(text, kind string, v any) object {
	out := object{"content": object{kind: object{"schema": d.schema(reflect.TypeOf(v))}}}
	if text != "" {
		out["description"] = text
	}
	return out
}

func (d *document) schema(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t.Kind() == reflect.Slice:
		return object{"type": "array", "items": d.schema(t.Elem())}
	case t.Kind() == reflect.Struct:
		if d.schemas[t.Name()] == nil {
			d.schemas[t.Name()] = object{} // for those that have themselves
			properties, required := make(object), []string{}
			d.fields(t, properties, &required)
			d.schemas[t.Name()] = object{"type": "object", "properties": properties, "required": required}
		}
		return object{"$ref": "#/components/schemas/" + t.Name()}
	case t.Kind() == reflect.Bool:
		return object{"type": "boolean"}
	case t.Kind() == reflect.String:
		return object{"type": "string"}
	case t.Kind() == reflect.Float64:
		return object{"type": "number"}
	}
	return object{"type": "integer"}
}

// fields adds those of a struct. What may be missing is not required.
func (d *document) fields(t reflect.Type, properties object, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous {
			d.fields(f.Type, properties, required)
			continue
		}
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		properties[name] = d.schema(f.Type)
		if options == "" {
			*required = append(*required, name)
		}
	}
}
