// Package memnet is a network in memory, for tests under testing/synctest.
//
// A Network joins links (the gateway's end, a transport.Link) and conns (a
// client's end). It can lose, duplicate, reorder and delay datagrams, and be
// partitioned.
//
// # Determinism
//
// Everything that is left to chance is drawn from the seed, separately for each
// pair of addresses and direction, and the same number of draws is made for
// each datagram, whatever the impairment. So the fate of the n-th datagram from
// a to b depends on the seed, a, b and n alone: not on what other peers send
// meanwhile, nor on how goroutines are scheduled.
//
// # Bubbles
//
// The package starts no goroutine, so none can leak: late datagrams hang on one
// time.AfterFunc timer, and what waits (Serve, Recv) waits on channels, which
// block durably. The mutexes are held for a few instructions and never across
// a wait or a callback.
package memnet
