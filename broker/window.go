package broker

// stage is how far a delivery in the window has come.
type stage uint8

const (
	waiting  stage = iota // in the queue, not in the window
	sent                  // PUBLISH is out; PUBACK or PUBREC is due
	released              // QoS 2: PUBREL is out; PUBCOMP is due
	done                  // finished, but an older one is not
)

// window holds the QoS 1 and 2 deliveries on their way, in the order of their
// packet identifiers. They survive the connection: what is not finished is
// sent again, in this order, to whoever attaches next.
type window struct {
	ring
	live   int    // entries that are not done
	out    uint32 // those of them that this connection has sent
	stale  uint32 // entries, the oldest, from before the identifiers wrapped
	resend uint32 // entries from here on have not been sent by this connection
	lastID uint16
}

// maxPacketIDs is how many packet identifiers there are.
const maxPacketIDs = 65_535

// inFlight counts the deliveries that are not finished.
func (w *window) inFlight() int {
	if w == nil {
		return 0
	}
	return w.live
}

// restart has everything unfinished sent again.
func (w *window) restart() {
	if w == nil {
		return
	}
	w.resend, w.out = 0, 0
	for i := range w.count {
		w.at(i).out = false
	}
}

// add keeps e until its acknowledgement. An entry without a number gets the
// next free packet identifier; that of another must be free.
func (w *window) add(e entry) *entry {
	if int(w.count) > 2*w.live+worthCompacting {
		w.compact()
	}
	if e.seq == 0 {
		id := w.lastID + 1
		for ; id == 0 || w.taken(id); id++ {
			if id == 0 {
				w.stale = w.count
			}
		}
		e.seq = uint32(id)
	} else if e.id() <= w.lastID {
		w.stale = w.count
	}
	w.lastID = e.id()
	e.stage, e.out = sent, true
	w.push(e)
	w.live++
	w.out++
	w.resend = w.count
	return w.at(w.count - 1)
}

// lastSent is the number of the newest entry; 0 for none.
func (w *window) lastSent() uint32 {
	if w == nil || w.count == 0 {
		return 0
	}
	return w.at(w.count - 1).seq
}

// free tells whether the identifier of e, which has a number, is not in use.
func (w *window) free(e *entry) bool {
	if w == nil || e.seq == 0 {
		return true
	}
	if e.id() > w.lastID {
		return !w.taken(e.id())
	}
	return w.find(e.id()) == nil
}

// taken tells whether id, which is next in order, is still in use. Identifiers
// are handed out in order, so only an entry from before they wrapped can have it.
func (w *window) taken(id uint16) bool {
	for i := range w.stale {
		if w.at(i).id() == id {
			return true
		}
	}
	return false
}

// worthCompacting is how many finished entries may wait for an older one, more
// than there are unfinished.
const worthCompacting = 32

// compact drops the finished entries behind one that its client is slow to
// acknowledge, or never does.
func (w *window) compact() {
	kept, stale, resend := uint32(0), w.stale, w.resend
	for i := range w.count {
		if w.at(i).stage != done {
			*w.at(kept) = *w.at(i)
			kept++
			continue
		}
		if i < stale {
			w.stale--
		}
		if i < resend {
			w.resend--
		}
	}
	for i := kept; i < w.count; i++ {
		*w.at(i) = entry{}
	}
	w.count = kept
}

// find returns the unfinished entry with this identifier, or nil.
func (w *window) find(id uint16) *entry {
	if w == nil || w.count == 0 {
		return nil
	}
	if i := uint32(id - w.at(0).id()); i < w.count && w.at(i).id() == id && w.at(i).stage != done {
		return w.at(i)
	}
	for i := range w.count {
		if e := w.at(i); e.id() == id && e.stage != done {
			return e
		}
	}
	return nil
}

// finish ends e, a result of find. Finished entries leave when nothing older
// is unfinished.
func (w *window) finish(e *entry) {
	if e.out {
		w.out--
	}
	e.stage, e.out, e.msg, e.ids = done, false, nil, nil
	w.live--
	for w.count > 0 && w.at(0).stage == done {
		w.pop()
		if w.resend > 0 {
			w.resend--
		}
		if w.stale > 0 {
			w.stale--
		}
	}
}

// nextResend returns the next entry that this connection has not sent yet, or
// nil if there is none, or if it is a PUBLISH and limit entries are out.
func (w *window) nextResend(limit int) *entry {
	for w != nil && w.resend < w.count {
		e := w.at(w.resend)
		if e.stage == sent && int(w.out) >= limit {
			return nil // [MQTT-3.3.4-9]
		}
		w.resend++
		if e.stage != done {
			e.out = true
			w.out++
			return e
		}
	}
	return nil
}

// resending tells whether entries are left to send again.
func (w *window) resending() bool { return w != nil && w.resend < w.count }
