package store

import (
	"fmt"
	"log/slog"
	"strconv"
	"time"
)

// LSN is a position in the log: octets of log since the store was made, over
// all segments. It only grows. Zero is no position: the first record has a
// higher one.
type LSN uint64

// String is the position as the names of segments have it.
func (n LSN) String() string { return fmt.Sprintf("%016x", uint64(n)) }

// Durability is what Durable promises.
type Durability uint8

const (
	// Ack: what is durable has been fsynced. A commit runs when somebody asks
	// for it with Notify, and at the latest Interval after an Append.
	Ack Durability = iota
	// Interval: everything counts as durable at once and is fsynced within
	// Interval, which is what a power cut can cost.
	Interval
	// None: everything counts as durable at once, and is written at the pace
	// of Interval but only fsynced when a segment is full. A power cut costs
	// what the system had not written by itself.
	None
)

var durabilities = [...]string{Ack: "ack", Interval: "interval", None: "none"}

// String is the level's name in config.toml.
func (d Durability) String() string {
	if int(d) < len(durabilities) {
		return durabilities[d]
	}
	return "Durability(" + strconv.Itoa(int(d)) + ")"
}

// ParseDurability is the reverse of String.
func ParseDurability(s string) (Durability, error) {
	for d, name := range durabilities {
		if s == name {
			return Durability(d), nil
		}
	}
	return 0, fmt.Errorf("durability %q is unknown: write ack, interval or none", s)
}

// Options says where a log is and how it is kept. Zero values are the defaults.
type Options struct {
	// Path is the folder. It is made, for its owner alone, if it is missing.
	Path       string
	Durability Durability
	// Interval is the most time between an Append and its fsync where nobody
	// waits for it; 1 s if zero.
	Interval time.Duration
	// GroupDelay is how long a commit waits for company after its first record,
	// with Ack; zero: not at all.
	GroupDelay time.Duration
	// SegmentSize is a segment file's size in octets, header included; 8 MiB if
	// zero, at least MinSegment.
	SegmentSize int64
	// WriteBudget bounds the octets an hour, counted in pages of 4 KiB; zero: no
	// bound. When an hour's worth is used up, commits that nobody waits for are
	// spaced out, up to MaxPause, which is then what Interval can lose; and
	// compaction is put off until the log is four times what is live.
	WriteBudget int64
	// FS is where files are; nil: the operating system's.
	FS FS
	// Log hears of damage, failures and recoveries; nil: slog.Default().
	Log *slog.Logger
	// OnHealth, if not nil, is called when appends stop becoming durable (the
	// error is Err's) and when they do again (nil). It is called from the
	// committer, so it must neither wait for a commit nor close the log.
	OnHealth func(err error)
}

const (
	// DefaultSegment is Options.SegmentSize if it is zero.
	DefaultSegment = 8 << 20
	// MinSegment is the smallest SegmentSize.
	MinSegment = 8 << 10
	// DefaultInterval is Options.Interval if it is zero.
	DefaultInterval = time.Second
	// MaxPause is the longest pause between commits that WriteBudget leads to.
	MaxPause = time.Minute
)

func (o *Options) complete() error {
	if o.Path == "" {
		return fmt.Errorf("store: no folder is given")
	}
	if int(o.Durability) >= len(durabilities) {
		return fmt.Errorf("store: %v is unknown", o.Durability)
	}
	if o.SegmentSize == 0 {
		o.SegmentSize = DefaultSegment
	}
	if o.SegmentSize < MinSegment || o.SegmentSize > maxSegment {
		return fmt.Errorf("store: a segment of %d octets: it must have %d to %d", o.SegmentSize, MinSegment, int64(maxSegment))
	}
	if o.Interval == 0 {
		o.Interval = DefaultInterval
	}
	if o.Interval < 0 || o.GroupDelay < 0 || o.WriteBudget < 0 {
		return fmt.Errorf("store: interval %v, group delay %v and write budget %d must not be negative", o.Interval, o.GroupDelay, o.WriteBudget)
	}
	if o.FS == nil {
		o.FS = OS{}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return nil
}
