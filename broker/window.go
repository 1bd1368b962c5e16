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
	resend uint32 // entries from here on have been sent by this connection
	lastID uint16
}

// inFlight counts the deliveries that are not finished.
func (w *window) inFlight() int {
	if w == nil {
		return 0
	}
	return w.live
}

// restart has everything unfinished sent again.
func (w *window) restart() {
	if w != nil {
		w.resend = 0
	}
}

// add assigns the next free packet identifier and keeps e until its
// acknowledgement.
func (w *window) add(e entry) *entry {
	id := w.lastID + 1
	// Identifiers are handed out in order, so one that is still in use after
	// a wrap is met oldest first.
	for i := uint32(0); ; i++ {
		if id == 0 {
			id = 1
		}
		if i >= w.count || w.at(i).id != id {
			break
		}
		id++
	}
	w.lastID = id
	e.id, e.stage = id, sent
	w.push(e)
	w.live++
	w.resend = w.count
	return w.at(w.count - 1)
}

// find returns the unfinished entry with this identifier, or nil.
func (w *window) find(id uint16) *entry {
	if w == nil || w.count == 0 {
		return nil
	}
	if i := uint32(id - w.at(0).id); i < w.count && w.at(i).id == id {
		return w.at(i).unfinished()
	}
	for i := range w.count {
		if e := w.at(i); e.id == id {
			return e.unfinished()
		}
	}
	return nil
}

func (e *entry) unfinished() *entry {
	if e.stage == done {
		return nil
	}
	return e
}

// finish ends e, a result of find. Finished entries leave when nothing older
// is unfinished.
func (w *window) finish(e *entry) {
	e.stage, e.msg, e.ids = done, nil, nil
	w.live--
	for w.count > 0 && w.at(0).stage == done {
		w.pop()
		if w.resend > 0 {
			w.resend--
		}
	}
}

// nextResend returns the next entry that this connection has not sent yet, or
// nil.
func (w *window) nextResend() *entry {
	for w != nil && w.resend < w.count {
		e := w.at(w.resend)
		w.resend++
		if e.stage != done {
			return e
		}
	}
	return nil
}
