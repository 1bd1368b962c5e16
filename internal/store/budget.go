package store

import "time"

// budget is what may still be written in this hour. The zero value has no
// bound.
type budget struct {
	hourly float64
	left   float64 // below zero: overdrawn, by an hour's worth at most
	at     time.Time
}

func newBudget(octets int64, now time.Time) budget {
	return budget{hourly: float64(octets), left: float64(octets), at: now}
}

func (b *budget) refill(now time.Time) {
	b.left = min(b.hourly, b.left+b.hourly*now.Sub(b.at).Hours())
	b.at = now
}

func (b *budget) spend(now time.Time, octets int64) {
	if b.hourly > 0 {
		b.refill(now)
		b.left = max(-b.hourly, b.left-float64(octets))
	}
}

func (b *budget) spent(now time.Time) bool {
	if b.hourly == 0 {
		return false
	}
	b.refill(now)
	return b.left < 0
}

// pace is the time between two commits that nobody waits for.
func (b *budget) pace(now time.Time, interval time.Duration) time.Duration {
	if !b.spent(now) {
		return interval
	}
	return max(interval, min(MaxPause, time.Duration(-b.left/b.hourly*float64(time.Hour))))
}
