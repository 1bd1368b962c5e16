package gateway

import (
	"hash/maphash"
	"time"
)

// A proof is a number of 16 bits. Whoever tries all of them at a forged address has
// it after half a megabyte, and could have floods sent there from then on. So a host
// may be wrong a few times in a minute; more, and no proof of it counts for that long.

const (
	maxGuesses  = 16
	guessWindow = instant(time.Minute)
	// guessSlots bounds the memory. A host that meets another in its slot takes it
	// over: to be forgotten takes some thousands of other hosts, for each 16 tries.
	guessSlots = 1 << 12
)

// guess counts the wrong numbers of one host.
type guess struct {
	host  uint64 // its hash
	since instant
	n     int32
}

func (g *Gateway) guessesOf(p peer) *guess {
	if g.guesses == nil {
		g.guesses = make([]guess, guessSlots)
	}
	h := maphash.Comparable(g.guard.seed, host(p))
	x := &g.guesses[h%guessSlots]
	if x.host != h || g.now-x.since >= guessWindow {
		*x = guess{host: h, since: g.now}
	}
	return x
}

// guessed notes that a REGACK had a number that nobody has asked for.
func (s *session) guessed() {
	if s.proved {
		return
	}
	x := s.g.guessesOf(s.peer)
	s.g.stats.Guessed++
	if x.n++; x.n == maxGuesses {
		s.g.complain("an address answers numbers that it was not sent: it is not believed for a minute", s.peer, s.id)
	}
}

// believed tells whether a right number proves anything.
func (s *session) believed() bool { return s.proved || s.g.guessesOf(s.peer).n < maxGuesses }
