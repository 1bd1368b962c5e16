package battery

import (
	"math"
	"testing"
	"time"
)

func TestYears(t *testing.T) {
	m := Model{Capacity: 2400, Usable: 1, Sleep: 0.01, Transmit: 10, Receive: 5, Idle: 1, Wake: 3.6}
	u := Use{Sleep: 58 * time.Minute, Air: time.Minute / 2, Hear: time.Minute / 4, Wait: time.Minute / 4, Idle: time.Minute, Wakes: 10}
	s := m.Daily(u)
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"sleep", s.Sleep, 0.01 * 24 * 58 / 60},
		{"transmit", s.Transmit, 10 * 24.0 / 120},
		{"receive", s.Receive, 5 * 24.0 / 240},
		{"wait", s.Wait, 5 * 24.0 / 240},
		{"idle", s.Idle, 24.0 / 60},
		{"wake", s.Wake, 10 * 24 * 0.001},
		{"years", m.Years(s.Sum()), 2400 / (s.Sum() * 365.25)},
	} {
		if math.Abs(c.got-c.want) > 1e-9 {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
	if m.Years(0) != 0 || m.Daily(Use{}).Sum() != 0 {
		t.Error("nothing is something")
	}
}
