package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestFloodOfLinesIsHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := newLog(&out, "text", slog.LevelInfo, false)
		for i := range 1000 {
			log.With("peer", i).Info("flood")
		}
		log.Info("something else")
		if n := strings.Count(out.String(), "flood"); n != linesASecond {
			t.Errorf("%d lines of the flood passed, want %d", n, linesASecond)
		}
		if !strings.Contains(out.String(), "something else") {
			t.Error("the flood kept another line back")
		}
		time.Sleep(time.Second)
		log.Info("flood")
		if !strings.Contains(out.String(), "not_logged_before=990") {
			t.Errorf("nothing tells how many lines were kept back:\n%s", out.String())
		}
		for range 100 {
			log.Error("broken")
		}
		if n := strings.Count(out.String(), "broken"); n != 100 {
			t.Errorf("%d of 100 errors passed", n)
		}
	})
}
