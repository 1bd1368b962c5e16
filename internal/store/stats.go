package store

import "time"

// Stats is what a log holds and what it did since it was opened.
type Stats struct {
	Segments int
	Disk     int64 // octets of all files, with those kept for new segments
	Used     int64 // octets of log in segments
	Live     int64 // octets of records that are needed, with their headers
	Waiting  int64 // octets that are not written yet

	Records       uint64 // appended
	Commits       uint64
	CommitTime    time.Duration // of all commits
	SlowestCommit time.Duration
	Syncs         uint64 // also those of new segments
	Writes        uint64
	Written       int64  // octets, in whole pages of 4 KiB: what wears a card out
	WrittenDay    int64  // of these, in the last 24 hours
	Failures      uint64 // commits that the disk did not take

	Compactions uint64 // segments let go
	Moved       int64  // octets that were live in them, and appended anew
	Quarantined uint64 // damaged stretches that were copied
}

// Stats may be called at any time.
func (l *Log) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	st := l.stats
	st.Segments, st.Used, st.Live = len(l.segments), l.used, l.live
	for _, list := range [][]*segment{l.segments, l.spare} {
		for _, s := range list {
			st.Disk += s.size
		}
	}
	if len(l.waiting) > 0 {
		st.Waiting = int64(l.End() - l.waiting[0].base)
	}
	st.WrittenDay = l.day.sum(time.Now())
	st.Syncs, st.Writes, st.Written = l.syncs.Load(), l.writes.Load(), l.octets.Load()
	return st
}
