package main

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func TestRecentWarnings(t *testing.T) {
	r := new(recent)
	log := slog.New(remembering{slog.DiscardHandler, r}).With("peer", "x")
	log.Info("all is well")
	for i := range maxRecent + 5 {
		log.Warn("careful", "n", i)
	}
	log.Error("broken", "error", fmt.Errorf("disk"))
	list := r.list()
	if len(list) != maxRecent || list[0].Text != "broken error=disk" || list[0].Level != "error" || list[1].Text != fmt.Sprintf("careful n=%d", maxRecent+4) {
		t.Errorf("%d: %+v", len(list), list[:2])
	}
	if strings.Contains(list[len(list)-1].Text, "well") || list[0].At.IsZero() {
		t.Errorf("%+v", list[len(list)-1])
	}
}
