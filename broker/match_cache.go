package broker

import (
	"hash/maphash"
	"strings"
	"sync/atomic"
)

// matchCache remembers what a topic led to. It is direct-mapped and read
// without a lock: a slot holds an immutable entry that names its topic and the
// index's generation. A publish to a topic seen before allocates nothing, and
// gets the topic's stable string for one that aliased a read buffer.
type matchCache struct {
	seed  maphash.Seed
	slots []atomic.Pointer[matched]
}

type matched struct {
	topic      string
	generation uint64
	targets    []target
	groups     []*group
}

// cacheSlots bounds the memory: 128 KiB of slots, entries only for topics in
// use. A fleet with more topics than that pays one match a message.
const cacheSlots = 1 << 14

func newMatchCache() *matchCache {
	return &matchCache{seed: maphash.MakeSeed(), slots: make([]atomic.Pointer[matched], cacheSlots)}
}

func (c *matchCache) match(x *index, topic string) *matched {
	slot := &c.slots[c.hash(topic)%cacheSlots]
	m := slot.Load()
	known := m != nil && m.topic == topic
	if known && m.generation == x.generation.Load() {
		return m
	}
	fresh := &matched{}
	if known {
		fresh.topic = m.topic
	} else {
		fresh.topic = strings.Clone(topic)
	}
	fresh.targets, fresh.groups, fresh.generation = x.matchAll(fresh.topic)
	slot.Store(fresh)
	return fresh
}

func (c *matchCache) hash(s string) uint64 { return maphash.String(c.seed, s) }
