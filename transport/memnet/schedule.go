package memnet

import (
	"container/heap"
	"time"
)

// schedule is the datagrams on their way: a heap by arrival, then by sending,
// and one timer for the earliest. The network's mutex guards it.
type schedule struct {
	items items
	seq   uint64
	timer *time.Timer
}

type item struct {
	at  time.Time
	seq uint64 // datagrams that arrive together arrive in order
	p   packet
}

func (s *schedule) add(at time.Time, p packet, fire func()) {
	s.seq++
	heap.Push(&s.items, item{at, s.seq, p})
	if s.items[0].seq == s.seq {
		s.arm(fire)
	}
}

// pop takes the earliest datagram if it is due.
func (s *schedule) pop(now time.Time) (packet, bool) {
	if len(s.items) == 0 || s.items[0].at.After(now) {
		return packet{}, false
	}
	return heap.Pop(&s.items).(item).p, true
}

func (s *schedule) arm(fire func()) {
	if len(s.items) == 0 {
		return
	}
	in := time.Until(s.items[0].at)
	if s.timer == nil {
		s.timer = time.AfterFunc(in, fire)
		return
	}
	s.timer.Reset(in)
}

func (s *schedule) stop() {
	s.items = nil
	if s.timer != nil {
		s.timer.Stop()
	}
}

type items []item

func (h items) Len() int      { return len(h) }
func (h items) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h items) Less(i, j int) bool {
	if !h[i].at.Equal(h[j].at) {
		return h[i].at.Before(h[j].at)
	}
	return h[i].seq < h[j].seq
}
func (h *items) Push(x any) { *h = append(*h, x.(item)) }
func (h *items) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = item{}
	*h = (*h)[:last]
	return x
}
