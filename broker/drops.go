package broker

import (
	"hash/maphash"
	"strings"
	"sync"
	"time"

	"snbroker/internal/mqtt"
)

// Drop is a message that did not reach a session, or that its client could not
// publish.
type Drop struct {
	Why   DropReason
	QoS   mqtt.QoS
	Topic string
	At    time.Time
}

// Drops is what a session has lost since its first loss was noted.
type Drops struct {
	Counts [numDropReasons]uint64 // by DropReason
	Last   []Drop                 // newest first, at most keptDrops
}

const (
	keptDrops   = 8
	dropShards  = 64
	maxDropLogs = 256 // in a shard; then one of them gives way
)

// dropTable remembers what sessions have lost. A session that loses nothing has
// nothing here, and costs nothing.
type dropTable struct {
	seed   maphash.Seed
	shards [dropShards]dropShard
}

type dropShard struct {
	mu   sync.Mutex
	logs map[*Session]*dropLog
}

// dropLog is a ring of the last drops.
type dropLog struct {
	counts [numDropReasons]uint64
	last   [keptDrops]Drop
	next   int
}

func newDropTable() *dropTable { return &dropTable{seed: maphash.MakeSeed()} }

func (t *dropTable) shard(s *Session) *dropShard {
	return &t.shards[maphash.Comparable(t.seed, s)%dropShards]
}

func (t *dropTable) note(s *Session, why DropReason, topic string, qos mqtt.QoS) {
	sh := t.shard(s)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	l := sh.logs[s]
	if l == nil {
		if sh.logs == nil {
			sh.logs = make(map[*Session]*dropLog)
		}
		for old := range sh.logs {
			if len(sh.logs) < maxDropLogs {
				break
			}
			delete(sh.logs, old)
		}
		l = new(dropLog)
		sh.logs[s] = l
	}
	l.counts[why]++
	l.last[l.next%keptDrops] = Drop{Why: why, QoS: qos, Topic: topic, At: time.Now()}
	l.next++
}

func (t *dropTable) forget(s *Session) {
	sh := t.shard(s)
	sh.mu.Lock()
	delete(sh.logs, s)
	sh.mu.Unlock()
}

func (t *dropTable) of(s *Session) (d Drops) {
	sh := t.shard(s)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	l := sh.logs[s]
	if l == nil {
		return d
	}
	d.Counts = l.counts
	for i := range min(l.next, keptDrops) {
		d.Last = append(d.Last, l.last[(l.next-1-i)%keptDrops])
	}
	return d
}

// dropped counts e, which its session does not get. The caller holds s.mu.
func (b *Broker) dropped(s *Session, why DropReason, m *Message, qos mqtt.QoS, t *Turn) {
	s.dropped++
	t.dropped[why]++
	topic := ""
	if m != nil {
		topic = m.Topic
	}
	b.drops.note(s, why, topic, qos)
}

// refused counts a message that a session's client could not publish.
func (b *Broker) refused(s *Session, why DropReason, p *Publication, t *Turn) {
	t.dropped[why]++
	if s != nil {
		b.drops.note(s, why, strings.Clone(p.Topic), p.QoS)
	}
}
