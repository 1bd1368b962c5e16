package broker

import (
	"strings"
	"time"
)

// QueuePolicy says which message goes when a queue is full and holds no QoS 0
// message to give up.
type QueuePolicy uint8

const (
	DropOldest QueuePolicy = iota
	DropNewest
	// DropClient disconnects the client that does not keep up; its session
	// stays, with what is in the queue. One that is away loses the newest.
	DropClient
)

// Limits bound what a client can make the broker hold.
type Limits struct {
	MaxQueued        int         // messages waiting for a session
	MaxQueuedBytes   int         // their bytes, each message counted in full
	QueuePolicy      QueuePolicy // when there is no room
	SharePolicy      SharePolicy // which member of a shared subscription gets a message
	SlowAt           int         // queue length from which publishers are slowed; 0: never
	QueueQoS0Offline bool        // keep QoS 0 for sessions that nobody is attached to
	MaxMemory        int64       // octets that all queues together may hold, about; 0: no bound
	MaxInflight      int         // QoS 1 and 2 deliveries unacknowledged, if the client allows more
	MaxReceived      int         // QoS 2 ids taken in and not yet released
	MaxSubscriptions int         // of a session
	MaxTopicLength   int         // octets of a topic name or filter; 0: no bound
	MaxTopicLevels   int         // levels of one; 0: no bound
	MaxSessions      int
	MaxRetained      int // retained messages
}

// DefaultLimits are what a Raspberry Pi can bear.
func DefaultLimits() Limits {
	return Limits{
		MaxQueued:        10_000,
		MaxQueuedBytes:   8 << 20,
		SlowAt:           2_000,
		MaxMemory:        256 << 20,
		MaxInflight:      100,
		MaxReceived:      100,
		MaxSubscriptions: 1_000,
		MaxTopicLength:   4096,
		MaxTopicLevels:   128,
		MaxSessions:      1_000_000,
		MaxRetained:      100_000,
	}
}

// SetLimits replaces the limits; it may be called at any time. Nothing is taken
// away at once: a queue that is longer than it may be now is cut when the next
// message comes for it, and MaxInflight is that of connections made later.
func (b *Broker) SetLimits(l Limits) {
	b.limits.Store(&l)
	b.retained.mu.Lock()
	b.retained.max = l.MaxRetained
	b.retained.mu.Unlock()
}

// pause is how long to slow publishers for a queue of so many messages: the
// longer, the fuller it is.
func (l *Limits) pause(queued int) time.Duration {
	room := max(1, l.MaxQueued-l.SlowAt)
	return shortestPause + time.Duration(queued-l.SlowAt)*(longestPause-shortestPause)/time.Duration(room)
}

const (
	shortestPause = 100 * time.Microsecond
	longestPause  = 5 * time.Millisecond
)

// admits tells whether a topic name or filter is within the limits.
func (l *Limits) admits(topic string) bool {
	if l.MaxTopicLength > 0 && len(topic) > l.MaxTopicLength {
		return false
	}
	return l.MaxTopicLevels == 0 || len(topic) < l.MaxTopicLevels || strings.Count(topic, "/") < l.MaxTopicLevels
}
