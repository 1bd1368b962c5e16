package broker

// memoryLevel says how much of Limits.MaxMemory all queues together hold.
//
// What is given up, in this order: from half of it on the copy in memory of what
// is on the disk and waits for a session that nobody is attached to; above nine
// tenths a QoS 0 message for a session that has others waiting; at the limit publishes at QoS 1 and 2 that
// somebody would have to queue, which are refused and so not acknowledged. What
// was acknowledged stays.
type memoryLevel uint8

const (
	roomy memoryLevel = iota
	crowded
	tight
	full
)

func (b *Broker) memory() memoryLevel {
	limit := b.limits.Load().MaxMemory
	if limit == 0 {
		return roomy
	}
	switch queued := b.queued.Load(); {
	case queued >= limit:
		return full
	case queued >= limit/10*9:
		return tight
	case queued >= limit/2:
		return crowded
	}
	return roomy
}

// entryCharge is what an entry costs by itself.
const entryCharge = 32

// bodilessCharge is what an entry costs whose message is on the disk.
const bodilessCharge = entryCharge + 16

// chargeFor splits a message's size among the queues that share it.
func chargeFor(m *Message, queues int) uint32 {
	return uint32(min((messageOverhead+m.size())/max(1, queues)+entryCharge, 1<<30))
}

// messageOverhead is what a message costs beside its body.
const messageOverhead = 128

// QueuedBytes is what waits in all queues, about: a message's body counts once,
// however many queues share it.
func (b *Broker) QueuedBytes() int64 { return b.queued.Load() }
