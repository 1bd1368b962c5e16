package main

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// calm keeps a log readable, and an SD card alive, while somebody floods the
// program: of lines that say the same, beside their attributes, it lets so many
// through in a second, and tells how many it kept back with the next one that
// passes. Errors always pass.
type calm struct {
	slog.Handler
	said *said
}

type said struct {
	mu    sync.Mutex
	lines map[string]*line
}

type line struct {
	second     time.Time
	passed     int
	suppressed int
}

const (
	linesASecond = 10
	// maxLines bounds the memory; the program has far fewer texts than that.
	maxLines = 1000
)

func calmly(h slog.Handler) slog.Handler {
	return calm{h, &said{lines: make(map[string]*line)}}
}

// Handle implements slog.Handler.
func (c calm) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError || r.Level <= slog.LevelDebug {
		return c.Handler.Handle(ctx, r)
	}
	passes, suppressed := c.said.pass(r.Message, r.Time)
	if !passes {
		return nil
	}
	if suppressed > 0 {
		r.AddAttrs(slog.Int("not_logged_before", suppressed))
	}
	return c.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (c calm) WithAttrs(a []slog.Attr) slog.Handler { return calm{c.Handler.WithAttrs(a), c.said} }

// WithGroup implements slog.Handler.
func (c calm) WithGroup(name string) slog.Handler { return calm{c.Handler.WithGroup(name), c.said} }

func (s *said) pass(text string, now time.Time) (passes bool, suppressed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.lines[text]
	if l == nil {
		if len(s.lines) >= maxLines {
			clear(s.lines)
		}
		l = &line{second: now}
		s.lines[text] = l
	}
	if now.Sub(l.second) >= time.Second {
		l.second, l.passed = now, 0
	}
	if l.passed >= linesASecond {
		l.suppressed++
		return false, 0
	}
	l.passed++
	suppressed, l.suppressed = l.suppressed, 0
	return true, suppressed
}
