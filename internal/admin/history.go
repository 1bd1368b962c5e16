package admin

import (
	"net/http"
	"sync"
	"time"

	"snbroker/broker"
	"snbroker/gateway"
	"snbroker/internal/store"
)

// The history is an hour of points, some 20 KB.
const (
	historyEvery  = 10 * time.Second
	historyPoints = 360
)

// History remembers how the numbers moved that the dashboard's charts show. Whoever
// has a tick anyway calls Add; the history has none of its own.
type History struct {
	broker  *broker.Broker
	gateway *gateway.Gateway
	store   *store.Log // nil: all is in memory alone

	mu     sync.Mutex
	before totals
	points [historyPoints]point
	next   int
	full   bool
}

// totals are what points are the differences of.
type totals struct {
	at                            time.Time
	published, delivered, dropped uint64
	commits, roundTrips           uint64
	commitTime, roundTripTime     time.Duration
}

// point is a moment. Rates are a second's, times milliseconds; a time below zero is not known.
type point struct {
	at                            int64 // seconds since 1970
	published, delivered, dropped float32
	commit, roundTrip             float32
	devices                       [4]uint32 // as deviceStates
}

// HistoryPoint is a moment of the last hour.
type HistoryPoint struct {
	At        time.Time `json:"at"`
	Published float32   `json:"published"`  // a second, since the point before
	Delivered float32   `json:"delivered"`  // a second
	Dropped   float32   `json:"dropped"`    // a second
	Commit    *float32  `json:"commit"`     // milliseconds, on average; null: there was none
	RoundTrip *float32  `json:"round_trip"` // the same, of devices' answers
	Devices   []Count   `json:"devices"`    // by state
}

// NewHistory returns a History without points; log may be nil.
func NewHistory(b *broker.Broker, g *gateway.Gateway, log *store.Log) *History {
	return &History{broker: b, gateway: g, store: log}
}

// Add adds a point, if the last one is old enough. It visits no session.
func (h *History) Add(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	passed := now.Sub(h.before.at)
	if passed < historyEvery*9/10 && !h.before.at.IsZero() { // ticks are a little early now and then
		return
	}
	stats, gw := h.broker.Stats(), h.gateway.Stats()
	t := totals{at: now, published: stats.Published, delivered: h.broker.Sent(), roundTrips: gw.RoundTrips, roundTripTime: gw.RoundTripTime}
	for _, n := range stats.Dropped {
		t.dropped += n
	}
	if h.store != nil {
		n := h.store.Stats()
		t.commits, t.commitTime = n.Commits, n.CommitTime
	}
	before := h.before
	h.before = t
	if before.at.IsZero() {
		return
	}
	rate := func(now, before uint64) float32 { return float32(float64(now-before) / passed.Seconds()) }
	p := &h.points[h.next]
	*p = point{
		at:        now.Unix(),
		published: rate(t.published, before.published), delivered: rate(t.delivered, before.delivered), dropped: rate(t.dropped, before.dropped),
		commit:    mean(t.commitTime-before.commitTime, t.commits-before.commits),
		roundTrip: mean(t.roundTripTime-before.roundTripTime, t.roundTrips-before.roundTrips),
	}
	for i, state := range deviceStates {
		p.devices[i] = uint32(gw.Devices(state))
	}
	if h.next++; h.next == historyPoints {
		h.next, h.full = 0, true
	}
}

// mean is in milliseconds; below zero: of nothing.
func mean(all time.Duration, n uint64) float32 {
	if n == 0 {
		return -1
	}
	return float32(all.Seconds() * 1000 / float64(n))
}

// list returns the points, oldest first.
func (h *History) list() []HistoryPoint {
	out := []HistoryPoint{}
	if h == nil {
		return out
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	all := h.points[:h.next]
	if h.full {
		all = append(append([]point(nil), h.points[h.next:]...), all...)
	}
	for i := range all {
		p := &all[i]
		one := HistoryPoint{At: time.Unix(p.at, 0), Published: p.published, Delivered: p.delivered, Dropped: p.dropped, Commit: known(p.commit), RoundTrip: known(p.roundTrip)}
		for i, state := range deviceStates {
			one.Devices = append(one.Devices, Count{state.String(), uint64(p.devices[i])})
		}
		out = append(out, one)
	}
	return out
}

func known(v float32) *float32 {
	if v < 0 {
		return nil
	}
	return &v
}

func (s *Server) history(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, s.cfg.History.list())
}
