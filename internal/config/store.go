package config

import (
	"time"

	"snbroker/internal/store"
)

// Store says where what must survive a restart is kept, and how soon.
type Store struct {
	// Path is a folder; "": everything is in memory alone.
	Path       string   `toml:"path"`
	Durability string   `toml:"durability"`
	Interval   Duration `toml:"interval"`
	// GroupDelay is how long what is acknowledged waits for company.
	GroupDelay Duration `toml:"group_delay"`
	// WriteBudget is in octets an hour; 0: no bound.
	WriteBudget Size `toml:"write_budget"`
	SegmentSize Size `toml:"segment_size"`
}

func defaultStore() Store {
	return Store{Path: "data", Durability: "ack", Interval: Duration(time.Second), SegmentSize: 8 << 20}
}

// Options is what the package store needs to know, but for what it is to tell
// whom.
func (s *Store) Options() store.Options {
	durability, _ := store.ParseDurability(s.Durability) // Validate has refused other words
	return store.Options{
		Path:        s.Path,
		Durability:  durability,
		Interval:    time.Duration(s.Interval),
		GroupDelay:  time.Duration(s.GroupDelay),
		WriteBudget: int64(s.WriteBudget),
		SegmentSize: int64(s.SegmentSize),
	}
}

// smallestBudget is what keeps a Raspberry Pi with a handful of sensors going.
const smallestBudget = 1 << 20

func (v *validator) store(s *Store) {
	v.oneOf("store.durability", s.Durability, "ack", "interval", "none")
	between(v, "store.interval", s.Interval, Duration(10*time.Millisecond), Duration(time.Hour))
	between(v, "store.group_delay", s.GroupDelay, 0, Duration(time.Second))
	between(v, "store.segment_size", s.SegmentSize, store.MinSegment, 1<<30)
	if s.WriteBudget != 0 {
		between(v, "store.write_budget", s.WriteBudget, smallestBudget, 1<<30)
	}
}
