package live

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"snbroker/firmware-sim/internal/fleet"
	"snbroker/firmware-sim/internal/scenario"
)

func shown(t *testing.T, v *View) string {
	t.Helper()
	s, err := scenario.Load("default")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Scale(50); err != nil {
		t.Fatal(err)
	}
	f := fleet.NewVirtual(fleet.Config{Scenario: s, Seed: 1, Run: "test"}, nil)
	if err := f.Play(t.Context(), v.Show); err != nil {
		t.Fatal(err)
	}
	return v.w.(*bytes.Buffer).String()
}

// Elsewhere than on a terminal there are plain lines, now and then.
func TestPlain(t *testing.T) {
	var b bytes.Buffer
	out := shown(t, New(&b, func(string) string { return "" }))
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if strings.ContainsAny(out, "\x1b\r") || len(lines) < 6 || len(lines) > 12 {
		t.Errorf("%d lines:\n%s", len(lines), out)
	}
	for _, want := range []string{"   10s of 30s: ", " asleep, ", " messages/s, ", " 0 sent again, 0 broken"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// On a terminal a block is drawn over the one before, and no line is too long.
func TestDrawn(t *testing.T) {
	v := &View{w: new(bytes.Buffer), draws: true, width: 60}
	out := shown(t, v)
	if v.height != 5 || strings.Count(out, "\x1b[5A") < 20 {
		t.Errorf("height %d, drawn %d times", v.height, strings.Count(out, "\x1b[5A"))
	}
	for _, want := range []string{"[#", "s left", "devices   ", "waiting for what is under way", "no rule broken"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q", want)
		}
	}
	for _, l := range strings.Split(out, "\n") {
		l = strings.TrimPrefix(strings.TrimPrefix(l, "\x1b[5A"), "\r\x1b[2K")
		if !strings.Contains(l, "\x1b") && len([]rune(l)) >= 60 {
			t.Errorf("%d cells: %s", len([]rune(l)), l)
		}
	}
}

func TestBar(t *testing.T) {
	if got := bar(snapshot{now: 15 * time.Second, until: time.Minute}, 60); got != "[######....................]  25%, 45s left" {
		t.Error(got)
	}
}
