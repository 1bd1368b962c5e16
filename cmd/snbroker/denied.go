package main

import (
	"log/slog"
	"strings"
	"sync/atomic"
	"time"
)

// denials has the log tell what clients may not. A client that asks again and again
// must not fill it: of each kind one is told in a while, with how many were not.
type denials struct {
	log                         *slog.Logger
	publish, subscribe, receive seldom
}

const (
	denialsEvery = time.Second
	// A subscription to "#" of which rules leave a part is nothing strange: it has
	// denials with every message that is not for it.
	undeliveredEvery = time.Minute
)

func (d *denials) tell(of *seldom, every time.Duration, text string, who any, clientID, topic string) {
	untold, now := of.now(time.Now(), every)
	if !now {
		return
	}
	args := []any{"client", strings.Clone(clientID), "user", identityOf(who).Username, "topic", strings.Clone(topic)}
	if untold > 0 {
		args = append(args, "not_told", untold)
	}
	d.log.Info(text, args...)
}

// seldom lets one through in a while, and counts the others.
type seldom struct {
	last   atomic.Int64 // in Unix nanoseconds
	untold atomic.Uint64
}

// now reports whether this one is let through, and how many were not since the one
// before.
func (s *seldom) now(at time.Time, every time.Duration) (untold uint64, ok bool) {
	last := s.last.Load()
	if at.UnixNano()-last < int64(every) || !s.last.CompareAndSwap(last, at.UnixNano()) {
		s.untold.Add(1)
		return 0, false
	}
	return s.untold.Swap(0), true
}
