package broker

import "snbroker/internal/mqtt"

// entry is one message for one session, waiting in its queue or on its way in
// its window.
type entry struct {
	msg    *Message  // nil once a QoS 2 message has been released
	ids    *[]uint32 // subscription identifiers, shared; nil for none
	seq    uint32    // names it within its session, see id; 0: not yet
	qos    mqtt.QoS
	retain bool
	stage  stage
	out    bool // sent by this connection
}

// id is the packet identifier that goes with the entry's number. A session whose
// queue is on the disk numbers its entries as they come, so that a delivery has
// the same identifier before and after a restart; others do as they are sent.
func (e *entry) id() uint16 { return packetID(e.seq) }

func packetID(seq uint32) uint16 {
	if seq == 0 {
		return 0
	}
	return uint16((seq-1)%maxPacketIDs) + 1
}

// ring is a FIFO of entries. Its storage is a power of two, or nothing at all:
// an unused one costs no more than its header.
type ring struct {
	buf   []entry
	head  uint32
	count uint32
}

func (r *ring) len() int { return int(r.count) }

// at returns the i-th oldest entry.
func (r *ring) at(i uint32) *entry { return &r.buf[(r.head+i)&uint32(len(r.buf)-1)] }

func (r *ring) push(e entry) {
	if int(r.count) == len(r.buf) {
		r.resize(max(1, 2*len(r.buf)))
	}
	*r.at(r.count) = e
	r.count++
}

// pop removes the oldest entry; the ring must not be empty.
func (r *ring) pop() entry {
	e := r.at(0)
	out := *e
	*e = entry{}
	r.head = (r.head + 1) & uint32(len(r.buf)-1)
	r.count--
	return out
}

// remove takes out the i-th oldest entry and keeps the order of the rest.
func (r *ring) remove(i uint32) entry {
	out := *r.at(i)
	for ; i > 0; i-- {
		*r.at(i) = *r.at(i - 1)
	}
	r.pop()
	return out
}

func (r *ring) resize(n int) {
	buf := make([]entry, n)
	for i := range r.count {
		buf[i] = *r.at(i)
	}
	r.buf, r.head = buf, 0
}

// trim gives back the storage of an empty ring whose session goes quiet.
func (r *ring) trim() {
	if r.count == 0 {
		r.buf, r.head = nil, 0
	}
}
