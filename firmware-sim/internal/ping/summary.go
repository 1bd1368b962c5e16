package ping

import (
	"fmt"
	"io"
	"time"
)

// summary is what ping has seen.
type summary struct {
	begun          time.Time
	sent, answered int
	least, most    time.Duration
	total          time.Duration
}

func (s *summary) add(trip time.Duration) {
	if s.answered == 0 || trip < s.least {
		s.least = trip
	}
	s.most = max(s.most, trip)
	s.total += trip
	s.answered++
}

func (s *summary) print(w io.Writer, gateway string) {
	fmt.Fprintf(w, "\n--- %s ---\n", gateway)
	lost := 0.0
	if s.sent > 0 {
		lost = 100 * float64(s.sent-s.answered) / float64(s.sent)
	}
	fmt.Fprintf(w, "%d sent, %d answered, %.3g%% lost, %v\n",
		s.sent, s.answered, lost, time.Since(s.begun).Round(time.Millisecond))
	if s.answered > 0 {
		fmt.Fprintf(w, "round trip min/avg/max = %s / %s / %s\n",
			milliseconds(s.least), milliseconds(s.total/time.Duration(s.answered)), milliseconds(s.most))
	}
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.3f ms", float64(d)/float64(time.Millisecond))
}
