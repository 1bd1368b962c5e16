package main

import (
	"log/slog"
	"strings"
	"testing"
)

func TestLogFormats(t *testing.T) {
	for _, tc := range []struct {
		format  string
		journal bool
		want    string
		time    bool
	}{
		{"text", false, `level=INFO msg=ready on="udp 1"`, true},
		{"text", true, `level=INFO msg=ready on="udp 1"`, false},
		{"json", false, `"level":"INFO","msg":"ready","on":"udp 1"}`, true},
		{"json", true, `{"level":"INFO","msg":"ready","on":"udp 1"}`, false},
	} {
		var b strings.Builder
		newLog(&b, tc.format, slog.LevelInfo, tc.journal).Info("ready", "on", "udp 1")
		if got := b.String(); !strings.HasSuffix(got, tc.want+"\n") || strings.Contains(got, "time") != tc.time {
			t.Errorf("%s, journal %v: got %s", tc.format, tc.journal, got)
		}
	}
}
