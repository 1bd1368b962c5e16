package store

import (
	"testing"
	"time"
)

func TestDay(t *testing.T) {
	var d day
	now := time.Date(2026, 1, 1, 0, 30, 0, 0, time.UTC)
	for i := range 48 {
		d.spend(now.Add(time.Duration(i)*time.Hour), int64(10*(i+1)))
	}
	last := now.Add(47 * time.Hour)
	for after, want := range map[time.Duration]int64{0: 240, 10 * time.Minute: 240, -time.Hour: 240} {
		if got := d.sum(last.Add(after)); got != want {
			t.Errorf("after %v: %d, want %d", after, got, want)
		}
	}
	if got := d.sum(last.Add(20 * time.Hour)); got != 40 {
		t.Errorf("after 20 hours: %d", got)
	}
	if got := d.sum(last.Add(1000 * time.Hour)); got != 0 {
		t.Errorf("after a long pause: %d", got)
	}
	d.spend(last.Add(1000*time.Hour), 500)
	if got := d.sum(last.Add(1001 * time.Hour)); got != 20 {
		t.Errorf("after it: %d", got)
	}
}
