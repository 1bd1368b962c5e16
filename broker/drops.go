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
	told   uint8 // a bit for each reason
}

func newDropTable() *dropTable { return &dropTable{seed: maphash.MakeSeed()} }

func (t *dropTable) shard(s *Session) *dropShard {
	return &t.shards[maphash.Comparable(t.seed, s)%dropShards]
}

// note tells whether it is the first at QoS 1 or 2 for this reason.
func (t *dropTable) note(s *Session, why DropReason, topic string, qos mqtt.QoS) (first bool) {
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
	if qos == mqtt.QoS0 || l.told&(1<<why) != 0 {
		return false
	}
	l.told |= 1 << why
	return true
}

// OnLoss has lost called when a session loses a message at QoS 1 or 2, which its
// publisher believes delivered, for the first time for a reason. What its client
// does not want, may not have, or is too late for, is no loss. lost is called with
// no lock held and must not wait. OnLoss comes before the first client.
func (b *Broker) OnLoss(lost func(clientID string, why DropReason)) { b.lost = lost }

// loss is what OnLoss's lost is to be told.
type loss struct {
	clientID string
	why      DropReason
}

// isLoss tells whether a drop is not what its client, or its publisher, asked for.
func (r DropReason) isLoss() bool {
	return r == DropQueueFull || r == DropTooLarge || r == DropMemory || r == DropUnreadable
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
	if first := b.drops.note(s, why, topic, qos); first && why.isLoss() {
		t.losses = append(t.losses, loss{s.id, why})
	}
}

// refused counts a message that a session's client could not publish.
func (b *Broker) refused(s *Session, why DropReason, p *Publication, t *Turn) {
	t.dropped[why]++
	if s != nil {
		b.drops.note(s, why, strings.Clone(p.Topic), p.QoS)
	}
}
