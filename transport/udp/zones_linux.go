package udp

import (
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
)

// zones translates between scope ids, which the kernel uses, and interface
// names, which addresses carry. Asking the kernel costs system calls and
// allocations, so what was asked is kept. Lookups take no lock: Serve's
// goroutine and the sender share the list, and each change replaces it.
type zones struct {
	list atomic.Pointer[[]zone]
	mu   sync.Mutex // held for a change
}

type zone struct {
	index uint32
	name  string
}

// maxZones is more interfaces than a machine has at a time; a full list is
// started anew, which costs a few lookups.
const maxZones = 64

func (z *zones) load() []zone {
	if l := z.list.Load(); l != nil {
		return *l
	}
	return nil
}

// name is the zone for a scope id: the interface's name, or the number itself
// if the interface has just vanished.
func (z *zones) name(index uint32) string {
	for _, e := range z.load() {
		if e.index == index {
			return e.name
		}
	}
	ifi, err := net.InterfaceByIndex(int(index))
	if err != nil {
		return strconv.FormatUint(uint64(index), 10)
	}
	z.learn(zone{index, ifi.Name})
	return ifi.Name
}

// index is the scope id for a zone.
func (z *zones) index(name string) (uint32, bool) {
	for _, e := range z.load() {
		if e.name == name {
			return e.index, true
		}
	}
	if ifi, err := net.InterfaceByName(name); err == nil {
		z.learn(zone{uint32(ifi.Index), name})
		return uint32(ifi.Index), true
	}
	n, err := strconv.ParseUint(name, 10, 32)
	return uint32(n), err == nil && n > 0
}

// learn replaces whatever was known of the name or the index: an interface
// that was removed and came back has its old name and a new index.
func (z *zones) learn(n zone) {
	z.mu.Lock()
	defer z.mu.Unlock()
	l := slices.DeleteFunc(slices.Clone(z.load()), func(e zone) bool { return e.name == n.name || e.index == n.index })
	if len(l) >= maxZones {
		l = nil
	}
	l = append(l, n)
	z.list.Store(&l)
}

// forget is for a scope id that the kernel refused.
func (z *zones) forget(index uint32) {
	z.mu.Lock()
	defer z.mu.Unlock()
	l := slices.DeleteFunc(slices.Clone(z.load()), func(e zone) bool { return e.index == index })
	z.list.Store(&l)
}
