package store

import "path/filepath"

// Replay gives each whole record, oldest first; record is valid during the
// call. It is called once, before the first Append. With Ack the last records
// may not be durable yet: Durable tells. Damage does not stop it: the report
// tells of it. It fails only if visit does, or if a file that holds nothing any
// more cannot be moved out of the way.
func (l *Log) Replay(visit func(at LSN, record []byte) error) (Report, error) {
	if l.replayed {
		panic("store: Replay comes once")
	}
	l.replayed = true
	r := reading{scan: scanner{seed: l.seed}, visit: visit, aside: l.setAside}
	end, err := l.findEnd(&r)
	if err != nil {
		return r.report, err
	}
	if len(l.segments) > 0 {
		r.report.Begin = l.segments[0].base
	}
	for i, s := range l.segments {
		upTo := end
		if i+1 < len(l.segments) {
			upTo = l.segments[i+1].base
			s.end = upTo
		}
		l.used += s.used()
		if err := r.segment(s, upTo); err != nil {
			return r.report, err
		}
	}
	r.report.End = end
	return r.report, nil
}

// findEnd finds the end of the log, and sees to it that what is there stays:
// what is not known to have been fsynced waits to be written again, just as it
// is. It may be in the system's cache alone, even where an fsync failed and was
// forgotten. If there are signs of a write that was cut short, the next batch
// goes into a new segment, so that nothing of it can ever count.
func (l *Log) findEnd(r *reading) (end LSN, err error) {
	n := len(l.segments)
	if n == 0 {
		return 0, nil
	}
	s := l.segments[n-1]
	claimed, end, found := r.extent(s)
	if end == s.base {
		// Without a header and a record there is nothing to go on from.
		return end, l.banish(s, r)
	}
	r.torn(s, end, found)
	if !found.any && !s.headless {
		l.cur = s
		s.zeroed = min(s.size, (s.offset(end)+zeroAhead-1)/zeroAhead*zeroAhead)
	}
	s.end, l.synced = claimed, claimed
	l.end.Store(uint64(end))
	l.durable.Store(uint64(end))
	if l.o.Durability == Ack {
		l.durable.Store(uint64(claimed))
	}
	if claimed < end {
		b := &batch{base: claimed, buf: make([]byte, end-claimed), again: true}
		readAround(s.file, b.buf, s.offset(claimed))
		l.waiting = append(l.waiting, b)
	}
	return end, nil
}

// banish moves a segment into the quarantine as a whole.
func (l *Log) banish(s *segment, r *reading) error {
	folder := filepath.Join(l.o.Path, quarantineFolder)
	to := filepath.Join(folder, s.name()+".bad")
	if err := l.o.FS.Mkdir(folder); err != nil {
		return err
	}
	if err := l.o.FS.Rename(s.path, to); err != nil {
		return err
	}
	for _, path := range []string{folder, l.o.Path} {
		if err := l.o.FS.SyncDir(path); err != nil {
			return err
		}
	}
	l.segments = l.segments[:len(l.segments)-1]
	l.synced = s.base
	l.end.Store(uint64(s.base))
	l.durable.Store(uint64(s.base))
	l.stats.Quarantined++
	r.report.Damage = append(r.report.Damage, Damage{Segment: s.name(), At: s.base, Octets: s.size, File: to})
	return s.file.Close()
}
