package admin

import (
	"net/http"
	"time"
)

// Session is who asks, and what that allows.
type Session struct {
	Login   bool   `json:"login"`   // there are users: log in
	User    string `json:"user"`    // who is logged in; "": nobody
	CSRF    string `json:"csrf"`    // for the X-CSRF-Token header of changes; "": no cookie
	Changes bool   `json:"changes"` // changes are possible
	Version string `json:"version"`
}

// Credentials are what a login takes.
type Credentials struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

func (s *Server) apiRoutes() []route {
	client := []param{{"id", "string", "the ClientID"}}
	return []route{
		{method: "GET", path: "/api/v1/openapi.json", access: open, handle: s.openAPI, summary: "this document"},
		{method: "GET", path: "/api/v1/session", access: open, handle: s.session, summary: "who asks, and what that allows", answer: Session{}},
		{method: "POST", path: "/api/v1/session", access: open, handle: s.login, summary: "log in: the answer sets a cookie", body: Credentials{}, answer: Session{}},
		{method: "DELETE", path: "/api/v1/session", access: open, handle: s.logout, summary: "log out"},
		{method: "GET", path: "/api/v1/history", access: reader, handle: s.history, summary: "how the numbers of the charts moved in the last hour, oldest first", answer: []HistoryPoint{}},
		{method: "GET", path: "/api/v1/overview", access: reader, handle: s.overview, summary: "the program in numbers", answer: Overview{}},
		{method: "GET", path: "/api/v1/clients", access: reader, handle: s.clients, summary: "clients and devices, connected or not, a page at a time", answer: ClientPage{},
			query: append([]param{{"search", "string", "a part of the ClientID"}, {"kind", "string", "program or device"},
				{"state", "string", "connected, connecting, active, asleep, awake or offline"}}, pageParams...)},
		{method: "GET", path: "/api/v1/client", access: reader, handle: s.client, summary: "all about one: session, subscriptions, topic ids, last drops and why", query: client, answer: ClientDetail{}},
		{method: "GET", path: "/api/v1/subscriptions", access: reader, handle: s.subscriptions, summary: "subscriptions of all clients, a page at a time", answer: SubscriptionPage{},
			query: append([]param{{"search", "string", "a part of filter or ClientID"}, {"topic", "string", "only those that a message on this topic would reach"}}, pageParams...)},
		{method: "GET", path: "/api/v1/retained", access: reader, handle: s.retained, summary: "a level of the tree of retained topics, a page at a time", answer: RetainedPage{},
			query: append([]param{{"prefix", "string", "the branch, ending in a slash; without it the root"}}, pageParams...)},
		{method: "GET", path: "/api/v1/retained/message", access: reader, handle: s.retainedMessage, summary: "a retained message", answer: RetainedEntry{},
			query: []param{{"topic", "string", "its topic"}}},
		{method: "GET", path: "/api/v1/listeners", access: reader, handle: s.listeners, summary: "what is listened on, and what came and went", answer: []ListenerState{}},
		{method: "GET", path: "/api/v1/store", access: reader, handle: s.store, summary: "what is on the disk, and how fast it is", answer: StoreState{}},
		{method: "GET", path: "/api/v1/configuration", access: reader, handle: s.configuration, summary: "the settings in force, and the last warnings of the log", answer: Configuration{}},
		{method: "GET", path: "/api/v1/trace", access: reader, handle: s.trace, summary: "packets as they come and go, decoded; passwords are blotted out", stream: true,
			query: []param{{"client", "string", "of this ClientID alone"}, {"topic", "string", "about this topic, or those of a filter"},
				{"address", "string", "of this peer, with or without its port"}, {"hex", "integer", "1: with the octets"},
				{"format", "string", "text (a line a packet), events (server-sent ones, of TracedPacket), or pcapng for Wireshark"}}},
		{method: "POST", path: "/api/v1/disconnect", access: changer, handle: s.disconnect, summary: "end a client's connection; its session stays if it was to", body: ClientID{}},
		{method: "POST", path: "/api/v1/publish", access: changer, handle: s.publish, summary: "publish a message; no access rule judges it", body: Publication{}, answer: Published{}},
		{method: "POST", path: "/api/v1/retained/clear", access: changer, handle: s.clearRetained, summary: "remove a retained message", body: Topic{}},
		{method: "POST", path: "/api/v1/reload", access: changer, handle: s.reload, summary: "read the settings again, as on SIGHUP; the log tells what came of it"},
	}
}

func (s *Server) session(w http.ResponseWriter, r *http.Request) {
	out := Session{Login: s.cfg.Users != nil, Version: s.cfg.Version}
	if l, ok := s.logins.of(r); ok && s.cfg.Users.Valid(&l.who) {
		out.User, out.CSRF, out.Changes = l.who.Username, l.csrf, true
	} else if name, _, ok := r.BasicAuth(); ok && s.admit(r, reader) == nil && s.cfg.Users != nil {
		out.User, out.Changes = name, true
	}
	answer(w, http.StatusOK, out)
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	if s.cfg.Users == nil {
		fail(w, errReads.status, "%s", errReads.text)
		return
	}
	var c Credentials
	if !take(w, r, &c) {
		return
	}
	d := s.authenticate(r, c.User, c.Password)
	if !d.Allowed {
		why := refused(d.Reason)
		fail(w, why.status, "%s", why.text)
		return
	}
	l, cookie := s.logins.begin(r, d.Identity, time.Now())
	http.SetCookie(w, cookie)
	answer(w, http.StatusOK, Session{Login: true, User: l.who.Username, CSRF: l.csrf, Changes: true, Version: s.cfg.Version})
}

// logout needs no token: crossSite has refused other sites' pages.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	s.logins.end(r)
	http.SetCookie(w, cookie(r, "", -1))
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) reload(w http.ResponseWriter, _ *http.Request) {
	s.cfg.Reload()
	w.WriteHeader(http.StatusAccepted)
}
