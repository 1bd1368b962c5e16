package dtls

import (
	"sync"
	"time"

	"github.com/pion/dtls/v3"
)

// tickets are the sessions that a peer may resume without a full handshake
// (RFC 5246 §7.3), the newest so many: pion's session store. pion checks that the
// key of their PSK identity is still the same, and keeps none whose client has a
// certificate.
//
// A client that offers a Connection ID has none: pion negotiates no Connection ID
// when it resumes, and to a sleeper that is worth more than a shorter handshake now
// and then.
type tickets struct {
	mu   sync.Mutex
	of   map[string]ticket
	ring []string // of ids, the oldest at next once it is full
	next int
	most int
	life time.Duration
}

type ticket struct {
	session dtls.Session
	made    time.Time
}

func newTickets(most int, life time.Duration) *tickets {
	return &tickets{of: make(map[string]ticket), most: most, life: life}
}

// Set implements dtls.SessionStore.
func (t *tickets) Set(id []byte, s dtls.Session) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.ring) < t.most {
		t.ring = append(t.ring, string(id))
	} else {
		delete(t.of, t.ring[t.next])
		t.ring[t.next] = string(id)
		t.next = (t.next + 1) % t.most
	}
	t.of[string(id)] = ticket{s, time.Now()}
	return nil
}

// Get implements dtls.SessionStore. No session is an empty one.
func (t *tickets) Get(id []byte) (dtls.Session, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	found, ok := t.of[string(id)]
	if ok && t.life > 0 && time.Since(found.made) > t.life {
		delete(t.of, string(id))
		found = ticket{}
	}
	return found.session, nil
}

// Del implements dtls.SessionStore.
func (t *tickets) Del(id []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.of, string(id))
	return nil
}
