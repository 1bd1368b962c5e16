package auth

// lru is a map of bounded size; what was used longest ago makes room. Its
// links are indices, so that it is one slice to the garbage collector.
type lru[K comparable, V any] struct {
	index map[K]int32
	nodes []lruNode[K, V] // 0 is the ring's head: next is the newest
	limit int
}

type lruNode[K comparable, V any] struct {
	prev, next int32
	key        K
	value      V
}

func newLRU[K comparable, V any](limit int) *lru[K, V] {
	return &lru[K, V]{index: make(map[K]int32), nodes: make([]lruNode[K, V], 1), limit: limit}
}

// peek finds without making newer. The pointer is good until the next touch.
func (l *lru[K, V]) peek(k K) *V {
	if i, ok := l.index[k]; ok {
		return &l.nodes[i].value
	}
	return nil
}

// touch finds or makes the entry of k, and makes it the newest.
func (l *lru[K, V]) touch(k K) *V {
	i, ok := l.index[k]
	switch {
	case ok:
		l.unlink(i)
	case len(l.nodes) <= l.limit:
		i = int32(len(l.nodes))
		l.nodes = append(l.nodes, lruNode[K, V]{key: k})
		l.index[k] = i
	default:
		i = l.nodes[0].prev
		l.unlink(i)
		delete(l.index, l.nodes[i].key)
		l.nodes[i] = lruNode[K, V]{key: k}
		l.index[k] = i
	}
	l.link(i)
	return &l.nodes[i].value
}

func (l *lru[K, V]) unlink(i int32) {
	n := &l.nodes[i]
	l.nodes[n.prev].next = n.next
	l.nodes[n.next].prev = n.prev
}

func (l *lru[K, V]) link(i int32) {
	newest := l.nodes[0].next
	l.nodes[i].prev, l.nodes[i].next = 0, newest
	l.nodes[newest].prev = i
	l.nodes[0].next = i
}

func (l *lru[K, V]) len() int { return len(l.index) }
