package main

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"snbroker/internal/admin"
)

// recent remembers the last warnings and errors of the log, for those who look at
// the dashboard and not at the log.
type recent struct {
	mu   sync.Mutex
	last []admin.Warning // oldest first
}

// maxRecent is how many there are; then the oldest goes.
const maxRecent = 100

// list returns them, newest first.
func (r *recent) list() []admin.Warning {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := slices.Clone(r.last)
	slices.Reverse(out)
	return out
}

func (r *recent) add(w admin.Warning) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.last) == maxRecent {
		r.last = slices.Delete(r.last, 0, 1)
	}
	r.last = append(r.last, w)
}

// remembering is a log that recent listens to.
type remembering struct {
	slog.Handler
	recent *recent
}

// Enabled implements slog.Handler: warnings are remembered also if the log is to
// have none.
func (h remembering) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn || h.Handler.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h remembering) Handle(ctx context.Context, rec slog.Record) error {
	if rec.Level >= slog.LevelWarn {
		var b strings.Builder
		b.WriteString(rec.Message)
		rec.Attrs(func(a slog.Attr) bool {
			b.WriteString(" " + a.String())
			return true
		})
		h.recent.add(admin.Warning{At: rec.Time, Level: strings.ToLower(rec.Level.String()), Text: b.String()})
	}
	if !h.Handler.Enabled(ctx, rec.Level) {
		return nil
	}
	return h.Handler.Handle(ctx, rec)
}

// WithAttrs implements slog.Handler.
func (h remembering) WithAttrs(a []slog.Attr) slog.Handler {
	return remembering{h.Handler.WithAttrs(a), h.recent}
}

// WithGroup implements slog.Handler.
func (h remembering) WithGroup(name string) slog.Handler {
	return remembering{h.Handler.WithGroup(name), h.recent}
}
