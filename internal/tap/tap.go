// Package tap shows packets to who watches, while somebody does. A program puts
// one Tap where its packets come and go; asking it whether anybody watches is one
// atomic load.
package tap

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Protocol is what a packet's octets are.
type Protocol uint8

const (
	MQTT   Protocol = iota // a whole control packet
	MQTTSN                 // a whole message, with a forwarder's encapsulation if it has one
)

// Packet is one that came or went. Its octets are the decrypted ones, with
// passwords blotted out.
type Packet struct {
	At       time.Time
	Out      bool // to the client
	Protocol Protocol
	Version  uint8  // of MQTT, as in CONNECT; 0: not known yet
	ClientID string // "": not known
	Topic    string // that the packet is about; "": none
	State    string // of a device before the packet; "": none
	Peer     string // the client's address
	Local    string // the program's address, or the link's name
	Octets   []byte
}

// Filter says what is watched. Empty fields match everything.
type Filter struct {
	ClientID string
	Topic    func(topic string) bool // nil: all
	Peer     string                  // an address, with or without its port
}

func (f *Filter) wants(p *Packet) bool {
	switch {
	case f.ClientID != "" && f.ClientID != p.ClientID:
		return false
	case f.Topic != nil && (p.Topic == "" || !f.Topic(p.Topic)):
		return false
	case f.Peer != "" && f.Peer != p.Peer && f.Peer != host(p.Peer):
		return false
	}
	return true
}

// host takes the port off an address, and what follows it, "#" and a node id.
func host(peer string) string {
	for i := len(peer) - 1; i >= 0; i-- {
		if peer[i] == ':' {
			peer = peer[:i]
			break
		}
	}
	if n := len(peer); n > 1 && peer[0] == '[' && peer[n-1] == ']' {
		return peer[1 : n-1]
	}
	return peer
}

// Tap is where packets pass. The zero value, and nil, is one that nobody watches.
type Tap struct {
	watchers atomic.Pointer[[]*Watcher] // never empty
	mu       sync.Mutex                 // for changing it
}

// On tells whether anybody watches.
func (t *Tap) On() bool { return t != nil && t.watchers.Load() != nil }

// Pass shows p to those who want it. Its octets may alias a buffer: they are
// copied.
func (t *Tap) Pass(p Packet) {
	list := t.watchers.Load()
	if list == nil {
		return
	}
	owned := false
	for _, w := range *list {
		if !w.filter.wants(&p) {
			continue
		}
		if !owned {
			p.Octets = blot(p.Protocol, p.Octets)
			owned = true
		}
		select {
		case w.packets <- p:
		default:
			w.lost.Add(1) // it does not keep up
		}
	}
}

// Watcher gets packets until it is closed.
type Watcher struct {
	tap     *Tap
	filter  Filter
	packets chan Packet
	lost    atomic.Uint64
}

// waiting is how many packets wait for a watcher; more are lost to it.
const waiting = 4096

// Watch begins to watch. The caller closes the Watcher.
func (t *Tap) Watch(f Filter) *Watcher {
	w := &Watcher{tap: t, filter: f, packets: make(chan Packet, waiting)}
	t.mu.Lock()
	defer t.mu.Unlock()
	var list []*Watcher
	if old := t.watchers.Load(); old != nil {
		list = slices.Clone(*old)
	}
	list = append(list, w)
	t.watchers.Store(&list)
	return w
}

// Packets is what to receive from. It is never closed.
func (w *Watcher) Packets() <-chan Packet { return w.packets }

// Lost tells how many packets did not fit, and begins to count anew.
func (w *Watcher) Lost() uint64 { return w.lost.Swap(0) }

// Close ends the watch. It may be called often.
func (w *Watcher) Close() {
	t := w.tap
	t.mu.Lock()
	defer t.mu.Unlock()
	old := t.watchers.Load()
	if old == nil {
		return
	}
	list := slices.DeleteFunc(slices.Clone(*old), func(o *Watcher) bool { return o == w })
	if len(list) == 0 {
		t.watchers.Store(nil)
		return
	}
	t.watchers.Store(&list)
}
