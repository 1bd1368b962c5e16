package lines

import (
	"sync"

	"github.com/pion/dtls/v3"
)

// secret is what a device keeps of its session in memory that needs no power, to
// resume it by after a restart. nil is a device that keeps nothing.
type secret struct {
	mu    sync.Mutex
	kept  dtls.Session
	fresh bool // since the last handshake began, it was made anew
	shown bool // and before that, shown to the gateway
}

// resumed tells whether the handshake that has finished resumed the session.
func (s *secret) resumed() bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown && !s.fresh
}

// Set implements dtls.SessionStore. A device has one gateway at a time, so that
// the key does not matter.
func (s *secret) Set(_ []byte, made dtls.Session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept, s.fresh = made, true
	return nil
}

// Get implements dtls.SessionStore. A handshake begins with it.
func (s *secret) Get([]byte) (dtls.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh, s.shown = false, len(s.kept.ID) > 0
	return s.kept, nil
}

// Del implements dtls.SessionStore: the gateway does not know the session any more.
func (s *secret) Del([]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept, s.fresh = dtls.Session{}, true
	return nil
}
