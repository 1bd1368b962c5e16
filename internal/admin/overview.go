package admin

import (
	"net/http"
	"sync"
	"time"

	"snbroker/broker"
	"snbroker/internal/auth"
)

// Overview is what the program did and has, in numbers. Whoever asks again knows
// rates from the difference.
type Overview struct {
	At            time.Time `json:"at"`
	Version       string    `json:"version"`
	Uptime        float64   `json:"uptime"` // seconds
	Ready         Health    `json:"ready"`
	Sessions      int       `json:"sessions"`
	Connected     int       `json:"connected"`
	Devices       []Count   `json:"devices"` // by state
	Subscriptions int       `json:"subscriptions"`
	Retained      int       `json:"retained"`
	Queued        int       `json:"queued"`
	QueuedBytes   int64     `json:"queued_bytes"`
	Published     uint64    `json:"published"`
	Delivered     uint64    `json:"delivered"`
	BytesIn       uint64    `json:"bytes_in"`
	BytesOut      uint64    `json:"bytes_out"`
	Dropped       []Count   `json:"dropped"` // by reason
	DevicesLost   uint64    `json:"devices_lost"`
	Retries       uint64    `json:"retries"`
	RoundTrips    uint64    `json:"round_trips"`
	RoundTripTime float64   `json:"round_trip_time"` // seconds, of all of them
	Commits       uint64    `json:"commits"`
	CommitTime    float64   `json:"commit_time"`  // seconds, of all of them
	Refused       []Count   `json:"auth_refused"` // by reason
	Bans          int       `json:"auth_bans"`
}

// StoreState is what is on the disk.
type StoreState struct {
	Used          bool    `json:"used"` // false: all is in memory alone
	Healthy       bool    `json:"healthy"`
	Problem       string  `json:"problem,omitempty"`
	Segments      int     `json:"segments"`
	Disk          int64   `json:"disk_bytes"`
	Live          int64   `json:"live_bytes"`
	Waiting       int64   `json:"waiting_bytes"`
	Written       int64   `json:"written_bytes"`
	WrittenDay    int64   `json:"written_day_bytes"`
	Commits       uint64  `json:"commits"`
	CommitTime    float64 `json:"commit_time"`
	SlowestCommit float64 `json:"slowest_commit"`
	Syncs         uint64  `json:"fsyncs"`
	Failures      uint64  `json:"failures"`
	Damage        int     `json:"damage"`
}

// ListenerState is an address that is listened on.
type ListenerState struct {
	Protocol  string  `json:"protocol"`
	Type      string  `json:"type"`
	Address   string  `json:"address"`
	Anonymous bool    `json:"allow_anonymous"`
	Counts    []Count `json:"counts"`
}

// Configuration is the settings in force, and what was warned of.
type Configuration struct {
	Settings []Setting `json:"settings"`
	Warnings []Warning `json:"warnings"` // newest first
	Exposed  bool      `json:"exposed"`  // passwords can be read on the way here
}

// traffic is broker.Traffic, which visits each session: not more than once a
// second, however many watch.
type traffic struct {
	mu   sync.Mutex
	at   time.Time
	last broker.Traffic
}

func (t *traffic) of(b *broker.Broker) broker.Traffic {
	t.mu.Lock()
	defer t.mu.Unlock()
	if now := time.Now(); now.Sub(t.at) >= time.Second {
		t.last, t.at = b.Traffic(), now
	}
	return t.last
}

func (s *Server) overview(w http.ResponseWriter, _ *http.Request) {
	stats, moved, gw := s.cfg.Broker.Stats(), s.traffic.of(s.cfg.Broker), s.cfg.Gateway.Stats()
	now := time.Now()
	o := Overview{
		At: now, Version: s.cfg.Version, Uptime: now.Sub(s.begun).Seconds(), Ready: s.health(),
		Sessions: stats.Sessions, Connected: moved.Connected, Subscriptions: stats.Subscriptions, Retained: stats.Retained,
		Queued: moved.Queued, QueuedBytes: s.cfg.Broker.QueuedBytes(),
		Published: stats.Published, Delivered: moved.Sent, BytesIn: moved.BytesIn, BytesOut: moved.BytesOut,
		DevicesLost: gw.Lost, Retries: gw.Retries, RoundTrips: gw.RoundTrips, RoundTripTime: gw.RoundTripTime.Seconds(),
		Bans: s.cfg.Clients.Bans(now),
	}
	for _, state := range deviceStates {
		o.Devices = append(o.Devices, Count{state.String(), uint64(gw.Devices(state))})
	}
	for why := range reasons {
		o.Dropped = append(o.Dropped, Count{why.String(), stats.Dropped[why]})
	}
	refusals := s.cfg.Clients.Refusals()
	for why := auth.ReasonNone + 1; int(why) <= len(refusals); why++ {
		o.Refused = append(o.Refused, Count{why.String(), refusals[why]})
	}
	byName(o.Dropped)
	if s.cfg.Store != nil {
		n := s.cfg.Store.Stats()
		o.Commits, o.CommitTime = n.Commits, n.CommitTime.Seconds()
	}
	answer(w, http.StatusOK, o)
}

func (s *Server) store(w http.ResponseWriter, _ *http.Request) {
	log := s.cfg.Store
	if log == nil {
		answer(w, http.StatusOK, StoreState{Healthy: true})
		return
	}
	n := log.Stats()
	out := StoreState{Used: true, Healthy: true, Segments: n.Segments, Disk: n.Disk, Live: n.Live, Waiting: n.Waiting, Written: n.Written, WrittenDay: n.WrittenDay,
		Commits: n.Commits, CommitTime: n.CommitTime.Seconds(), SlowestCommit: n.SlowestCommit.Seconds(), Syncs: n.Syncs, Failures: n.Failures, Damage: s.cfg.Damage}
	if err := log.Err(); err != nil {
		out.Healthy, out.Problem = false, err.Error()
	}
	answer(w, http.StatusOK, out)
}

func (s *Server) configuration(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, Configuration{s.cfg.Settings(), append([]Warning{}, s.cfg.Warnings()...), s.cfg.Exposed})
}
