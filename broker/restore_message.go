package broker

import (
	"slices"

	"snbroker/internal/store"
)

// message takes over a message's record.
func (r *restorer) message(at store.LSN, b []byte, size int) bool {
	rec := &r.record
	if rec.decode(b) != nil {
		return false
	}
	if s := r.byNo[rec.willOf]; s != nil && rec.willOf != 0 {
		s.will, s.willAt = nil, 0
	}
	if s := r.byNo[rec.instead.no]; s != nil {
		r.drop(s, rec.instead.seq)
	}
	if rec.from != 0 {
		if s := r.byNo[rec.from]; s != nil {
			s.receive(rec.packetID)
		}
	}
	if rec.origin >= r.first && rec.origin != 0 {
		// Moved: what became of it since is known. The copy alone must not
		// bring back what was delivered.
		if m := r.messages[rec.origin]; m != nil {
			delete(r.messages, m.at)
			m.at, m.size = at, size
			r.messages[at] = m
		}
		return true
	}
	m := &restoredMessage{at: at, size: size, qos: rec.qos, expires: rec.expires, topic: string(rec.topic),
		payload: len(rec.payload), length: len(rec.payload) + len(rec.forward)}
	for i := range rec.targets {
		t := &rec.targets[i]
		s := r.known(t.no)
		if _, again := s.entries[t.seq]; again {
			continue
		}
		s.put(t.seq, restoredEntry{message: m, ids: t.ids, qos: t.qos, retain: t.retain})
		if replay := s.replaying[string(rec.replay)]; replay != nil {
			replay.queued = m.topic
		}
		if int32(t.seq-s.lastSeq) > 0 {
			s.lastSeq = t.seq
		}
		m.needed++
	}
	if rec.retain {
		r.retain(m, rec)
	}
	if m.needed > 0 {
		r.messages[at] = m
		if limit := r.b.limits.Load().MaxMemory; rec.retain || r.bodies < limit/2 || limit == 0 {
			m.body = slices.Concat(rec.payload, rec.forward)
			r.bodies += int64(m.length)
		}
	}
	return true
}

// retain makes m its topic's message, or clears the topic.
func (r *restorer) retain(m *restoredMessage, rec *messageRecord) {
	if old := r.retained[m.topic]; old != nil {
		delete(r.retained, m.topic)
		r.unneed(old)
	}
	if len(rec.payload) > 0 {
		m.sender, m.order = string(rec.sender), rec.order
		r.retained[m.topic] = m
		m.needed++
	}
}
