package lines

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"

	"snbroker/mqttsn"
	"snbroker/transport/serial"
	"snbroker/transport/serial/framing"
)

// serialLine is one serial line with many nodes on it; to the fleet each is a
// line. Where the framing has addresses of its own each node has a framing of its
// own, which hears the whole line and takes what is for it, as a radio does.
// Elsewhere all stand behind one forwarder, and have ids of four octets. SN §5.5
//
// A reader, which also opens the line again after it went away, and a writer are its
// goroutines.
type serialLine struct {
	target
	opener   *serial.Opener // the reader's
	preamble []byte         // for what the other end took for a beginning
	nodes    ID             // so far
	scratch  []byte
	ctx      context.Context // ends with Shut
	cancel   context.CancelFunc
	wake     chan struct{} // there is something in the queue
	ended    sync.WaitGroup
	sent     atomic.Uint64
	received atomic.Uint64
	refused  atomic.Uint64
	dropped  atomic.Uint64
	noise    atomic.Uint64
	lost     atomic.Uint64
	reopened atomic.Uint64

	mu       sync.Mutex
	port     serial.Port        // nil: the line is away
	framings []*framing.Framing // one, or by node
	queue    [][]byte           // frames
	queued   int                // octets in it
}

// maxNodes bounds the nodes with a framing each, for all of them look at each octet.
const maxNodes = 4096

func openSerial(ctx context.Context, gateway string, r Receiver) (Lines, error) {
	t, err := parseTarget(gateway)
	if err != nil {
		return nil, err
	}
	return newSerial(ctx, t, r)
}

// newSerial opens a line, which must be there.
func newSerial(ctx context.Context, t target, r Receiver) (*serialLine, error) {
	first, err := t.node(0) // the one for all, or as good as any to know them by
	if err != nil {
		return nil, err
	}
	l := &serialLine{target: t, preamble: first.Preamble, wake: make(chan struct{}, 1)}
	if !t.addressed() {
		l.framings = append(l.framings, first)
	}
	if l.opener, err = serial.NewOpener(t.Config); err != nil {
		return nil, err
	}
	port, err := l.opener.Open(ctx)
	if err != nil {
		return nil, err
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.up(port)
	l.ended.Go(func() { l.read(port, r) })
	l.ended.Go(l.write)
	return l, nil
}

// Open gives a node its address. None is given twice: what comes to that of a
// closed line belongs to nobody, though its modem still answers.
func (l *serialLine) Open(Namer) (ID, error) {
	if l.addressed() {
		if most := l.mostNodes(); int(l.nodes) >= most {
			return 0, &TargetError{l.gateway, fmt.Errorf("no more than %d addresses on a line with framing=%s, counting those that devices have moved away from: take fewer devices, or framing=hdlc", most, l.Framing)}
		}
		f, err := l.node(l.nodes)
		if err != nil {
			return 0, err
		}
		l.mu.Lock()
		l.framings = append(l.framings, f)
		l.mu.Unlock()
	}
	l.nodes++
	return l.nodes - 1, nil
}

func (l *serialLine) Close(ID) {}
func (l *serialLine) Flush()   {}

func (l *serialLine) Move(ID) bool { return false }
func (l *serialLine) Limits() Limits {
	return Limits{MTU: l.mtu(), Forwarder: l.addressed() && l.Framing != "aquila"}
}

// Send puts a datagram into the queue, or drops it if that is full. Its device asks
// again.
func (l *serialLine) Send(id ID, b []byte) {
	f := l.framings[0]
	if l.addressed() {
		f = l.framings[id]
	} else {
		l.scratch, _ = mqttsn.AppendEncapsulation(l.scratch[:0], 0, binary.BigEndian.AppendUint32(nil, uint32(id))) // four octets fit
		l.scratch = append(l.scratch, b...)
		b = l.scratch
	}
	frame, err := f.Append(nil, l.toGateway(), b)
	switch {
	case err != nil:
		l.refused.Add(1)
	case !l.put(frame):
		l.dropped.Add(1)
	}
}

// Err is nil: a line that went away may come back. What is lost meanwhile is counted.
func (l *serialLine) Err() error { return nil }

func (l *serialLine) Stats() Stats {
	return Stats{
		Sent: l.sent.Load(), Received: l.received.Load(), Refused: l.refused.Load(), Dropped: l.dropped.Load(),
		Noise: l.noise.Load(), Lost: l.lost.Load(), Reopened: l.reopened.Load(),
	}
}

// Shut leaves unsent what is queued.
func (l *serialLine) Shut() {
	l.cancel()
	l.down()
	l.ended.Wait()
}
