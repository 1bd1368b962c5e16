package memnet

import (
	"hash/fnv"
	"io"
	"math/rand/v2"
	"strconv"
	"time"

	"snbroker/transport"
)

// Impairment is what a network does to datagrams. Loss, Duplicate and Reorder
// are probabilities from 0 to 1. The zero value is a perfect network, which
// delivers in order and at once.
type Impairment struct {
	Loss      float64
	Duplicate float64
	Reorder   float64 // such a datagram is late: those sent in the next Delay+Jitter, at least 20 ms, overtake it

	Delay  time.Duration // one way
	Jitter time.Duration // up to this much more; alone it never reorders
}

// minHold is how late a reordered datagram is on a network without delay.
const minHold = 20 * time.Millisecond

func (i Impairment) hold() time.Duration { return max(minHold, i.Delay+i.Jitter) }

// Impair changes the impairment for datagrams sent from now on.
func (n *Network) Impair(i Impairment) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.impairment = i
}

// pair is one direction between two addresses.
type pair struct{ from, to transport.Addr }

// flow is the chance and the order of a pair.
type flow struct {
	rand rand.PCG
	last time.Time // when the latest datagram that was not reordered arrives
}

func (n *Network) flow(p pair) *flow {
	f := n.flows[p]
	if f == nil {
		f = &flow{}
		f.rand.Seed(n.seed, p.hash())
		n.flows[p] = f
	}
	return f
}

func (p pair) hash() uint64 {
	h := fnv.New64a()
	for _, s := range []string{p.from.String(), p.to.String()} {
		// The length keeps "ab","c" and "a","bc" apart. Hashes do not fail.
		_, _ = io.WriteString(h, strconv.Itoa(len(s))+":"+s)
	}
	return h.Sum64()
}

type fate struct {
	lost, duplicated, reordered bool
	delay, delayOfCopy          time.Duration
}

// next draws the fate of a flow's next datagram. It makes five draws whatever
// the outcome, so that a changed probability does not shift the others.
func (f *flow) next(i Impairment) fate {
	return fate{
		lost:        f.chance() < i.Loss,
		duplicated:  f.chance() < i.Duplicate,
		reordered:   f.chance() < i.Reorder,
		delay:       i.Delay + time.Duration(f.chance()*float64(i.Jitter)),
		delayOfCopy: i.Delay + time.Duration(f.chance()*float64(i.Jitter)),
	}
}

// chance is uniform in [0, 1), from one draw.
func (f *flow) chance() float64 { return float64(f.rand.Uint64()>>11) / (1 << 53) }
