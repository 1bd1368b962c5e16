package admin

import (
	"crypto/rand"
	"net/http"
	"sync"
	"time"

	"snbroker/internal/auth"
)

// login is somebody with a cookie.
type login struct {
	who  auth.Identity
	csrf string // what changes have to show
	seen time.Time
}

// logins are kept in memory alone: a restart ends them.
type logins struct {
	mu sync.Mutex
	by map[string]*login
}

const (
	cookieName = "snbroker_login"
	// A login ends when it was not used for so long.
	loginLife = 12 * time.Hour
	// maxLogins is how many there may be; then the one unused for longest ends.
	maxLogins = 256
)

// begin makes a login and its cookie.
func (l *logins) begin(r *http.Request, who auth.Identity, now time.Time) (*login, *http.Cookie) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.by == nil {
		l.by = make(map[string]*login)
	}
	oldest := ""
	for id, o := range l.by {
		if now.Sub(o.seen) > loginLife {
			delete(l.by, id)
		} else if oldest == "" || o.seen.Before(l.by[oldest].seen) {
			oldest = id
		}
	}
	if len(l.by) >= maxLogins {
		delete(l.by, oldest)
	}
	id := rand.Text()
	new := &login{who: who, csrf: rand.Text(), seen: now}
	l.by[id] = new
	return new, cookie(r, id, int(loginLife/time.Second))
}

// cookie is for the way that the request has come: what came by TLS goes nowhere
// without it.
func cookie(r *http.Request, value string, age int) *http.Cookie {
	return &http.Cookie{Name: cookieName, Value: value, Path: "/", MaxAge: age, HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteStrictMode}
}

// of finds the login of a request.
func (l *logins) of(r *http.Request) (login, bool) {
	c, err := r.Cookie(cookieName)
	if err != nil {
		return login{}, false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	found, now := l.by[c.Value], time.Now()
	if found == nil || now.Sub(found.seen) > loginLife {
		return login{}, false
	}
	found.seen = now
	return *found, true
}

func (l *logins) end(r *http.Request) {
	if c, err := r.Cookie(cookieName); err == nil {
		l.mu.Lock()
		delete(l.by, c.Value)
		l.mu.Unlock()
	}
}
