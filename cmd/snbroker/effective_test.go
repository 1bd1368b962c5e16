//go:build unix

package main

import (
	"strings"
	"testing"
)

func TestPrintConfig(t *testing.T) {
	t.Setenv("SNBROKER_LOG_LEVEL", "warn")
	path := file(t, "[limits]\nmax_queued = 5\n")
	var out, errs strings.Builder
	if code := run([]string{"config", "-config", path}, &out, &errs); code != exitOK {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	for _, want := range []string{"max_queued = 5  # " + path + ":2\n", "level = \"warn\"  # SNBROKER_LOG_LEVEL\n", "#max_inflight = 100\n"} {
		if !strings.Contains(out.String(), "\n"+want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
	t.Setenv("SNBROKER_LOG_LEVEL", "loud")
	if code := run([]string{"config"}, &out, &errs); code != exitFailed || !strings.Contains(errs.String(), "SNBROKER_LOG_LEVEL: log.level") {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
}
