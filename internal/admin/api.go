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
	return []route{
		{method: "GET", path: "/api/v1/session", access: open, handle: s.session, summary: "who asks, and what that allows", answer: Session{}},
		{method: "POST", path: "/api/v1/session", access: open, handle: s.login, summary: "log in: the answer sets a cookie", body: Credentials{}, answer: Session{}},
		{method: "DELETE", path: "/api/v1/session", access: open, handle: s.logout, summary: "log out"},
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
	l, cookie := s.logins.begin(d.Identity, time.Now())
	http.SetCookie(w, cookie)
	answer(w, http.StatusOK, Session{Login: true, User: l.who.Username, CSRF: l.csrf, Changes: true, Version: s.cfg.Version})
}

// logout needs no token: crossSite has refused other sites' pages.
func (s *Server) logout(w http.ResponseWriter, r *http.Request) {
	s.logins.end(r)
	http.SetCookie(w, cookie("", -1))
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) reload(w http.ResponseWriter, _ *http.Request) {
	s.cfg.Reload()
	w.WriteHeader(http.StatusAccepted)
}
