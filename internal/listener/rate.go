package listener

import "time"

// rate keeps a client's publishes within so many a second. It is paid for by
// reading from the client more slowly; nothing is dropped.
type rate struct {
	credit float64 // seconds' worth of messages
	at     time.Time
}

// longestPause keeps a client within its keep-alive, and the program quick to
// end.
const longestPause = time.Second

// pause is how long to wait after so many messages.
func (r *rate) pause(messages, perSecond int) time.Duration {
	if perSecond == 0 || messages == 0 {
		return 0
	}
	now := time.Now()
	if r.at.IsZero() {
		r.credit, r.at = 1, now
	}
	r.credit = min(1, r.credit+now.Sub(r.at).Seconds()) - float64(messages)/float64(perSecond)
	r.at = now
	if r.credit >= 0 {
		return 0
	}
	return min(longestPause, time.Duration(-r.credit*float64(time.Second)))
}
