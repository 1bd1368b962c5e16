package admin

import (
	"net/http"
	"time"
)

// access is who may use a route.
type access uint8

const (
	open    access = iota // everybody
	reader                // who is logged in; without users, who is on this machine
	changer               // who is logged in
)

// route is a way into the server. The API's document is made of them.
type route struct {
	method, path string
	access       access
	handle       http.HandlerFunc
	summary      string
	query        []param
	body, answer any  // examples of their types; nil: none
	stream       bool // it goes on until the client leaves
}

// param is a part of a request's query.
type param struct{ name, kind, text string }

func (s *Server) allRoutes() []route {
	return append([]route{
		{method: "GET", path: "/healthz", access: open, handle: s.healthz, summary: "whether the program lives", answer: Health{}},
		{method: "GET", path: "/readyz", access: open, handle: s.readyz, summary: "whether it does its work: everything is listened on, and the disk takes what is written", answer: Health{}},
		{method: "GET", path: "/metrics", access: reader, handle: s.metrics(), summary: "counters and gauges for Prometheus"},
	}, s.apiRoutes()...)
}

// handler leads requests to their routes, past those who keep others out.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range s.routes {
		mux.Handle(r.method+" "+r.path, s.guarded(&r))
	}
	s.dashboard(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.enter() {
			return
		}
		defer s.serving.Done()
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		mux.ServeHTTP(w, r)
	})
}

// guarded lets those in who may use the route.
func (s *Server) guarded(r *route) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if refusal := s.admit(req, r.access); refusal != nil {
			fail(w, refusal.status, "%s", refusal.text)
			return
		}
		if !r.stream {
			_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(writeTimeout))
		}
		r.handle(w, req)
	})
}
