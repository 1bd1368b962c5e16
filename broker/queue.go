package broker

import "snbroker/internal/mqtt"

// queue holds what waits for a session, oldest first.
type queue struct {
	ring
	peak  uint32 // the most it held since it was last empty
	qos0  uint32 // how many of them are QoS 0
	bytes int
}

// keepRing is how many slots an emptied queue keeps without asking whether
// they were of use.
const keepRing = 4

func (q *queue) push(e entry) {
	q.ring.push(e)
	q.peak = max(q.peak, q.count)
	q.bytes += e.msg.size()
	if e.qos == mqtt.QoS0 {
		q.qos0++
	}
}

// front returns the oldest entry, or nil.
func (q *queue) front() *entry {
	if q.count == 0 {
		return nil
	}
	return q.at(0)
}

func (q *queue) pop() entry {
	e := q.ring.pop()
	q.forget(e)
	return e
}

func (q *queue) remove(i uint32) entry {
	e := q.ring.remove(i)
	q.forget(e)
	return e
}

func (q *queue) forget(e entry) {
	q.bytes -= e.msg.size()
	if e.qos == mqtt.QoS0 {
		q.qos0--
	}
	if q.count == 0 {
		// A ring that its last burst did not need a quarter of shrinks; a
		// busy one keeps its size, so that steady traffic does not allocate.
		if n := len(q.buf); n > keepRing && int(q.peak)*4 <= n {
			q.resize(n / 2)
		}
		q.peak = 0
	}
}

// oldestQoS0 finds the entry to give up first when the queue is full.
func (q *queue) oldestQoS0() (uint32, bool) {
	if q.qos0 == 0 {
		return 0, false
	}
	for i := range q.count {
		if q.at(i).qos == mqtt.QoS0 {
			return i, true
		}
	}
	return 0, false
}
