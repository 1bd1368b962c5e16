package dtls

import (
	"sync"
	"time"

	"github.com/pion/dtls/v3"
)

// tickets are the sessions that a peer may resume without a full handshake
// (RFC 5246 §7.3), the newest so many. pion checks that the key of their PSK
// identity is still the same, and keeps none whose client has a certificate.
type tickets struct {
	mu   sync.Mutex
	of   map[string]ticket
	ring []string // of ids, the oldest at next
	next int
	life time.Duration
}

type ticket struct {
	session dtls.Session
	made    time.Time
}

func newTickets(most int, life time.Duration) *tickets {
	return &tickets{of: make(map[string]ticket), ring: make([]string, most), life: life}
}

func (t *tickets) set(id []byte, s dtls.Session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.of, t.ring[t.next])
	t.of[string(id)] = ticket{s, time.Now()}
	t.ring[t.next] = string(id)
	t.next = (t.next + 1) % len(t.ring)
}

func (t *tickets) get(id []byte) (s dtls.Session, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found, ok := t.of[string(id)]
	if ok && t.life > 0 && time.Since(found.made) > t.life {
		delete(t.of, string(id))
		ok = false
	}
	return found.session, ok
}

func (t *tickets) drop(id []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.of, string(id))
}

// resumption is a handshake's view of the tickets. A client that offers a
// Connection ID has none: pion negotiates no Connection ID when it resumes, and to
// a sleeper that is worth more than a shorter handshake now and then.
type resumption struct{ *session }

// Set implements dtls.SessionStore.
func (r resumption) Set(key []byte, s dtls.Session) error {
	r.link.tickets.set(key, s)
	return nil
}

// Get implements dtls.SessionStore. No session is an empty one.
func (r resumption) Get(key []byte) (dtls.Session, error) {
	r.asked = key
	s, _ := r.link.tickets.get(key)
	return s, nil
}

// Del implements dtls.SessionStore.
func (r resumption) Del(key []byte) error {
	r.link.tickets.drop(key)
	return nil
}
