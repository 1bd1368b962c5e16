package main

import (
	"io"
	"log/slog"
)

// newLog returns the program's log. The journal has times of its own, and a
// second one only fills the line.
func newLog(w io.Writer, format string, level slog.Leveler, journal bool) *slog.Logger {
	o := &slog.HandlerOptions{Level: level}
	if journal {
		o.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}
	}
	if format == "json" {
		return slog.New(calmly(slog.NewJSONHandler(w, o)))
	}
	return slog.New(calmly(slog.NewTextHandler(w, o)))
}
