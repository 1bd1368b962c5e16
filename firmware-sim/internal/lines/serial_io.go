package lines

import (
	"encoding/binary"
	"math"
	"time"

	"snbroker/mqttsn"
	"snbroker/transport/serial"
	"snbroker/transport/serial/framing"
)

// up takes a port into use, and tells whether there still is a use.
func (l *serialLine) up(port serial.Port) bool {
	l.mu.Lock()
	if l.ctx.Err() != nil {
		l.mu.Unlock()
		_ = port.Close()
		return false
	}
	l.port = port
	l.mu.Unlock()
	l.put(l.preamble)
	return true
}

// down takes the port out of use, and tells how many frames were queued for it.
func (l *serialLine) down() (unsent int) {
	l.mu.Lock()
	port := l.port
	l.port, unsent = nil, len(l.queue)
	l.queue, l.queued = nil, 0
	l.mu.Unlock()
	if port != nil {
		_ = port.Close() // nobody could do anything about it
	}
	return unsent
}

// put gives a frame to the writer, if the line is there and has room. A frame of any
// length fits into an empty queue.
func (l *serialLine) put(frame []byte) bool {
	if len(frame) == 0 {
		return true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.port == nil || l.queued > 0 && l.queued+len(frame) > l.queueSize() {
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

// take is the next frame and where it goes, or nil.
func (l *serialLine) take() (frame []byte, port serial.Port) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) > 0 {
		frame, l.queue = l.queue[0], l.queue[1:]
		l.queued -= len(frame)
	}
	return frame, l.port
}

// write is the goroutine that writes, until Shut. It keeps to the line's rate by
// itself: a pseudo-terminal or a server would take far more than a line carries.
func (l *serialLine) write() {
	pace := time.NewTimer(0)
	defer pace.Stop()
	free := time.Now() // when the line has carried what was written
	for {
		frame, port := l.take()
		if frame == nil {
			select {
			case <-l.wake:
				continue
			case <-l.ctx.Done():
				return
			}
		}
		if _, err := port.Write(frame); err != nil {
			l.dropped.Add(1) // the reader finds out for itself that the line is gone
		} else {
			l.sent.Add(1)
		}
		if now := time.Now(); now.After(free) {
			free = now
		}
		free = free.Add(time.Duration(len(frame)) * l.octetTime)
		pace.Reset(time.Until(free))
		select {
		case <-pace.C:
		case <-l.ctx.Done():
			return
		}
	}
}

// read is the goroutine that reads, and opens the line again, until Shut.
func (l *serialLine) read(port serial.Port, r Receiver) {
	for {
		l.hear(port, r)
		unsent := l.down()
		if l.ctx.Err() != nil {
			return
		}
		l.dropped.Add(uint64(unsent))
		l.lost.Add(1)
		if port = l.reopen(); port == nil {
			return
		}
		l.reopened.Add(1)
	}
}

// reopen tries until the line is there. nil: until Shut.
func (l *serialLine) reopen() serial.Port {
	for l.ctx.Err() == nil {
		if port, err := l.opener.Open(l.ctx); err == nil && l.up(port) {
			return port
		}
	}
	return nil
}

// hear reads until the line is gone.
func (l *serialLine) hear(port serial.Port, r Receiver) {
	buf := make([]byte, 1024)
	l.hush(r) // what was cut off when it went away
	for {
		begun := time.Now()
		n, err := port.Read(buf)
		if time.Since(begun) >= l.silence {
			l.hush(r)
		}
		if n > 0 {
			l.opener.Worked()
			for i, f := range l.listeners() {
				l.decode(r, ID(i), f, buf[:n])
			}
		}
		if err != nil {
			return
		}
	}
}

// hush tells all that the line is silent.
func (l *serialLine) hush(r Receiver) {
	for i, f := range l.listeners() {
		f.Silence()
		l.decode(r, ID(i), f, nil)
	}
}

// listeners are the framings that hear the line.
func (l *serialLine) listeners() []*framing.Framing {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.framings
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
