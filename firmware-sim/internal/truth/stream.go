package truth

import (
	"slices"
	"time"
)

// Stream is what one writer sends under one topic to one reader. The exported
// fields are set before its first message.
type Stream struct {
	Device, Topic string
	Totals        *Totals // shared by the streams of a population
	Owner         int     // whose it is, for the caller
	// Loose: the network repeats and reorders datagrams, so that QoS 0 may
	// arrive twice, and late.
	Loose bool

	count  uint32 // the last number given
	high   uint32 // the highest number that arrived
	open   []entry
	recent [4]uint64 // of messages that are no longer open
	before [4]uint64 // those of a reader before it lost its memory
	next   uint8     // where in recent the next one goes
	closed uint8     // QoS of the last one there; a stream has one QoS
	shared *shared
}

// Totals count messages.
type Totals struct {
	Sent       uint64
	Arrived    uint64 // for the first time
	Duplicates uint64 // arrived again, as QoS 1 may, and QoS 0 on a loose network
	Late       uint64 // QoS 0 that others overtook on a loose network
	Lost       uint64 // taken by the gateway at QoS 1 or 2, and gone
	Dropped    uint64 // of QoS 0 or -1, which may be lost
	Refused    uint64 // with a ReturnCode
	Uncertain  uint64 // neither arrived nor known to have been taken
}

// entry is an open message.
type entry struct {
	digest uint64
	at     time.Duration // sent
	origin time.Duration // of what it answers, or 0
	number uint32
	token  uint32
	qos    uint8
	flags  flags
}

type flags uint8

const (
	arrived flags = 1 << iota
	settled       // the writer knows that it was taken: it has to arrive
	may           // it may arrive or not
	retain
	judged // and counted as one that has not arrived
	gone   // namely as lost
	again  // it may arrive again
)

// QoSMinusOne is the QoS without a connection.
const QoSMinusOne = 3

// maxOpen bounds what is open in a stream. The oldest is closed for one more.
const maxOpen = 512

// Message is one to be sent.
type Message struct {
	Payload []byte
	QoS     uint8
	Retain  bool
	Token   uint32        // what Settle will call it
	Origin  time.Duration // of the message that it answers; 0 if none
}

// Sent notes a message; call it before it leaves. It returns its number.
func (s *Stream) Sent(now time.Duration, m Message) uint32 {
	s.count++
	s.Totals.Sent++
	e := entry{digest: digest(m.Payload), at: now, origin: m.Origin, number: s.count, token: m.Token, qos: m.QoS}
	if m.QoS == 0 || m.QoS == QoSMinusOne {
		e.flags = may
	}
	if m.Retain {
		e.flags |= retain
	}
	if len(s.open) >= maxOpen {
		s.open[0].close(s)
		s.open = slices.Delete(s.open, 0, 1)
	}
	s.open = append(s.open, e)
	if s.shared != nil {
		s.shared.add(e.digest, s)
	}
	return s.count
}

// SetToken names the last message sent, whose token is known only now.
func (s *Stream) SetToken(token uint32) {
	if n := len(s.open); n > 0 {
		s.open[n-1].token = token
	}
}

// Outcome is what a writer learns of its message.
type Outcome uint8

const (
	Taken     Outcome = iota // acknowledged
	Refused                  // by a ReturnCode
	Uncertain                // nothing, and it will not be sent again
)

// Settle says what became of the message with a token. It returns when that
// was sent, and its number; 0 if it is not open.
func (s *Stream) Settle(token uint32, o Outcome) (sent time.Duration, number uint32) {
	i := 0
	for i < len(s.open) && (s.open[i].token != token || s.open[i].flags&settled != 0) {
		i++
	}
	if i == len(s.open) {
		return 0, 0
	}
	e := &s.open[i]
	sent, number = e.at, e.number
	if o == Refused {
		s.Totals.Refused++
	}
	if o == Taken {
		e.flags |= settled
	} else {
		e.flags |= settled | may
	}
	if e.flags&arrived != 0 {
		s.forget(i)
	}
	return sent, number
}

// Unsent takes back the last message sent: it did not leave after all.
func (s *Stream) Unsent() {
	s.open = s.open[:len(s.open)-1]
	s.count--
	s.Totals.Sent--
}

// Forgive says that what is open may be lost, if it was sent after a time: the
// session that held it ended, or nobody has asked for it yet.
func (s *Stream) Forgive(after time.Duration) {
	for i := range s.open {
		if s.open[i].at > after {
			s.open[i].flags |= may
		}
	}
}

// Amnesia says that the reader forgets which messages of QoS 2 it had received: it
// restarts. Those may come again, if their exchange was not over.
func (s *Stream) Amnesia() {
	s.before = s.recent
	for i := range s.open {
		if s.open[i].flags&arrived != 0 {
			s.open[i].flags |= again
		}
	}
}

// Abandon says that the writer forgets what it was not told about: it restarts.
func (s *Stream) Abandon() {
	for i := range s.open {
		if s.open[i].flags&settled == 0 {
			s.open[i].flags |= may
		}
	}
}

// Count is how many messages were sent.
func (s *Stream) Count() uint32 { return s.count }

// Open is how many messages have to arrive still, or to be acknowledged.
func (s *Stream) Open() (n int) {
	for i := range s.open {
		if s.open[i].flags&(may|settled) != may {
			n++
		}
	}
	return n
}

// Oldest is the number of the message that has waited longest for its
// acknowledgement; 0 if none does.
func (s *Stream) Oldest() uint32 {
	for i := range s.open {
		if s.open[i].flags&settled == 0 {
			return s.open[i].number
		}
	}
	return 0
}
