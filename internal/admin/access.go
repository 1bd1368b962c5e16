package admin

import (
	"context"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"snbroker/internal/auth"
)

// refusal is why a request is not served.
type refusal struct {
	status int
	text   string
}

var (
	errHost   = &refusal{http.StatusForbidden, "this address is for this machine alone: ask for it as 127.0.0.1, [::1] or localhost"}
	errLogin  = &refusal{http.StatusUnauthorized, "log in first: POST /api/v1/session, or HTTP basic authentication"}
	errReads  = &refusal{http.StatusForbidden, "nothing can be changed while nobody can log in: set password_file in [admin]"}
	errOrigin = &refusal{http.StatusForbidden, "the request comes from a page of another site"}
	errToken  = &refusal{http.StatusForbidden, "the X-CSRF-Token header is missing or old: GET /api/v1/session tells it"}
)

// admit decides whether a request may be served; nil: it may.
//
// Without users only this machine gets here, but its browser may be tricked by
// pages from elsewhere: their names for this machine are not taken, and neither is
// what they send.
func (s *Server) admit(r *http.Request, need access) *refusal {
	safe := r.Method == http.MethodGet || r.Method == http.MethodHead
	switch {
	case s.cfg.Users == nil && !localName(r.Host):
		return errHost
	case !safe && crossSite(r):
		return errOrigin
	case need == open:
		return nil
	case s.cfg.Users == nil && need == reader:
		return nil
	case s.cfg.Users == nil:
		return errReads
	}
	if name, password, ok := r.BasicAuth(); ok {
		if d := s.authenticate(r, name, password); !d.Allowed {
			return refused(d.Reason)
		}
		return nil // no browser sends this by itself: nothing here asks it to
	}
	login, ok := s.logins.of(r)
	switch {
	case !ok:
		return errLogin
	case !s.cfg.Users.Valid(&login.who):
		return errLogin // a reload has taken the user away
	case !safe && subtle.ConstantTimeCompare([]byte(r.Header.Get("X-CSRF-Token")), []byte(login.csrf)) != 1:
		return errToken
	}
	return nil
}

func (s *Server) authenticate(r *http.Request, name, password string) auth.Decision {
	ctx, cancel := context.WithTimeout(r.Context(), headerTimeout)
	defer cancel()
	from, _ := netip.ParseAddrPort(r.RemoteAddr)
	return s.cfg.Users.Authenticate(ctx, auth.Request{Username: name, HasPassword: true, Password: []byte(password), Address: from})
}

func refused(why auth.Reason) *refusal {
	switch why {
	case auth.ReasonBanned:
		return &refusal{http.StatusTooManyRequests, "too many wrong passwords from this address; try again later"}
	case auth.ReasonBusy:
		return &refusal{http.StatusServiceUnavailable, "too many logins at a time; try again"}
	}
	return &refusal{http.StatusUnauthorized, "wrong user or password"}
}

// localName tells whether a Host header names this machine. Other names may be
// anybody's that resolve to it (DNS rebinding).
func localName(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.Unmap().IsLoopback()
}

// crossSite tells whether a browser sent the request for a page of another site.
func crossSite(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return true
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host != r.Host
}
