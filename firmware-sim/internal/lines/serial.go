package lines

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"snbroker/mqttsn"
	"snbroker/transport/serial"
	"snbroker/transport/serial/framing"
)

// serialLine is one serial line with many nodes on it; to the fleet each is a
// line. Where the framing has addresses of its own each node has a framing of its
// own, which hears the whole line and takes what is for it, as a radio does.
// Elsewhere all stand behind one forwarder, and have ids of four octets. SN §5.5
//
// A reader and a writer are its goroutines. The writer keeps to the line's rate by
// itself: a pseudo-terminal or a server would take far more than a line carries.
type serialLine struct {
	target
	port     serial.Port
	opened   ID // nodes so far
	scratch  []byte
	quit     chan struct{}
	wake     chan struct{} // there is something in the queue
	ended    sync.WaitGroup
	sent     atomic.Uint64
	received atomic.Uint64
	refused  atomic.Uint64
	dropped  atomic.Uint64
	noise    atomic.Uint64

	mu       sync.Mutex
	framings []*framing.Framing // one, or by node
	queue    [][]byte           // frames
	queued   int                // octets in it
	err      error
}

// maxNodes bounds the nodes with a framing each, for all of them look at each octet.
const maxNodes = 4096

func openSerial(ctx context.Context, gateway string, r Receiver) (Lines, error) {
	t, err := parseTarget(gateway)
	if err != nil {
		return nil, err
	}
	port, err := t.openPort(ctx)
	if err != nil {
		return nil, err
	}
	l, err := newSerial(t, port, r)
	if err != nil {
		port.Close()
		return nil, err
	}
	return l, nil
}

// newSerial takes a line into use that is open.
func newSerial(t target, port serial.Port, r Receiver) (*serialLine, error) {
	l := &serialLine{target: t, port: port, quit: make(chan struct{}), wake: make(chan struct{}, 1)}
	first, err := t.node(0) // the one for all, or as good as any to know them by
	if err != nil {
		return nil, err
	}
	if !t.addressed() {
		l.framings = append(l.framings, first)
	}
	l.put(first.Preamble)
	l.ended.Go(func() { l.read(r) })
	l.ended.Go(l.write)
	return l, nil
}

// Open gives a node its address. None is given twice: what comes to that of a
// closed line belongs to nobody, though its modem still answers.
func (l *serialLine) Open(Namer) (ID, error) {
	if l.addressed() {
		if most := l.mostNodes(); int(l.opened) >= most {
			return 0, &TargetError{l.gateway, fmt.Errorf("no more than %d addresses on a line with framing=%s, counting those that devices have moved away from: take fewer devices, or framing=hdlc", most, l.framing)}
		}
		f, err := l.node(l.opened)
		if err != nil {
			return 0, err
		}
		l.mu.Lock()
		l.framings = append(l.framings, f)
		l.mu.Unlock()
	}
	l.opened++
	return l.opened - 1, nil
}

func (l *serialLine) Close(ID) {}
func (l *serialLine) Flush()   {}

func (l *serialLine) Move(ID) bool { return false }
func (l *serialLine) Limits() Limits {
	return Limits{MTU: l.mtu(), Forwarder: l.addressed() && l.framing != "aquila"}
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

// put gives a frame to the writer, if there is room. A frame of any length fits
// into an empty queue.
func (l *serialLine) put(frame []byte) bool {
	if len(frame) == 0 {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.queued > 0 && l.queued+len(frame) > l.queueSize() {
		return false
	}
	l.queue = append(l.queue, frame)
	l.queued += len(frame)
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return true
}

// take is the next frame, or nil.
func (l *serialLine) take() (frame []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) > 0 {
		frame, l.queue = l.queue[0], l.queue[1:]
		l.queued -= len(frame)
	}
	return frame
}

// write is the goroutine that writes, until Shut or the line's end.
func (l *serialLine) write() {
	pace := time.NewTimer(0)
	defer pace.Stop()
	free := time.Now() // when the line has carried what was written
	for {
		frame := l.take()
		if frame == nil {
			select {
			case <-l.wake:
				continue
			case <-l.quit:
				return
			}
		}
		if _, err := l.port.Write(frame); err != nil {
			l.fail(err)
			return
		}
		l.sent.Add(1)
		if now := time.Now(); now.After(free) {
			free = now
		}
		free = free.Add(time.Duration(len(frame)) * l.octetTime)
		pace.Reset(time.Until(free))
		select {
		case <-pace.C:
		case <-l.quit:
			return
		}
	}
}

// read is the goroutine that reads, until Shut or the line's end.
func (l *serialLine) read(r Receiver) {
	buf := make([]byte, 1024)
	for {
		begun := time.Now()
		n, err := l.port.Read(buf)
		silent := time.Since(begun) >= l.silence
		l.mu.Lock()
		framings := l.framings
		l.mu.Unlock()
		for i, f := range framings {
			if silent {
				f.Silence()
			}
			l.decode(r, ID(i), f, buf[:n])
		}
		if err != nil {
			l.fail(err)
			return
		}
	}
}

// decode takes what one framing finds.
func (l *serialLine) decode(r Receiver, id ID, f *framing.Framing, octets []byte) {
	for {
		n, e := f.Next(octets)
		octets = octets[n:]
		if e.Kind == framing.None {
			return
		}
		l.put(e.Reply) // what finds no room the gateway waits for in vain
		d := Datagram{id, e.Data}
		switch {
		case e.Kind == framing.Noise && id == 0: // which all of them hear
			l.noise.Add(1)
		case e.Kind == framing.Message && (l.addressed() || l.unwrap(&d)):
			l.received.Add(1)
			r.Received([]Datagram{d})
		}
	}
}

// unwrap finds whose a message behind the forwarder is.
func (l *serialLine) unwrap(d *Datagram) bool {
	e, err := mqttsn.DecodeEncapsulated(d.Data)
	if err != nil || len(e.NodeID) != 4 {
		return false // for everybody, such as ADVERTISE, or for nobody
	}
	d.Line, d.Data = ID(binary.BigEndian.Uint32(e.NodeID)), e.Message
	return d.Line <= math.MaxInt32
}

func (l *serialLine) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = fmt.Errorf("%s: %w", l.gateway, err)
	}
}

func (l *serialLine) Err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

func (l *serialLine) Stats() Stats {
	return Stats{Sent: l.sent.Load(), Received: l.received.Load(), Refused: l.refused.Load(), Dropped: l.dropped.Load(), Noise: l.noise.Load()}
}

// Shut leaves unsent what is queued.
func (l *serialLine) Shut() {
	l.fail(errors.New("the line is closed"))
	close(l.quit)
	l.port.Close()
	l.ended.Wait()
}
