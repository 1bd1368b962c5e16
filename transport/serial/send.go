package serial

import (
	"hash/maphash"
	"time"

	"snbroker/transport"
)

// out is what Send has gathered for Flush.
type out struct {
	frames  frames
	scratch []byte
}

// batch is how many messages Send gathers at most.
const batch = 32

// Send encodes b into the outgoing batch. The line has one path: local is
// ignored.
func (l *Link) Send(to transport.Addr, _ uint16, b []byte) {
	frame, err := l.framing.Append(l.out.scratch[:0], to.Node, b)
	if err != nil {
		l.counters.SendErrors.Add(1)
		l.log.Debug("message not sent", "to", to.String(), "octets", len(b), "error", err)
		return
	}
	l.out.scratch = frame
	n := note{size: len(b)}
	if l.cfg.Echo {
		n.sum = maphash.Bytes(seed, b)
	}
	l.out.frames.most = len(l.out.frames.mem) + len(frame) // Flush bounds it
	l.out.frames.put(frame, n)
	if len(l.out.frames.ends) == batch {
		l.Flush()
	}
}

var seed = maphash.MakeSeed()

// Flush gives what was gathered to the writer, as far as there is room.
func (l *Link) Flush() {
	o := &l.out.frames
	if len(o.ends) == 0 {
		return
	}
	var dropped uint64
	l.mu.Lock()
	switch {
	case l.closed:
		l.counters.SendErrors.Add(uint64(len(o.ends)))
	case l.port == nil:
		dropped = uint64(len(o.ends))
	default:
		from := 0
		for _, n := range o.ends {
			frame := o.mem[from:n.end]
			from = n.end
			if !l.queue.put(frame, n) {
				dropped++
			}
		}
		l.wakeWriter()
	}
	l.mu.Unlock()
	o.clear()
	l.counters.SendDrops.Add(dropped)
}

// write is the writer. At the end it writes what is queued.
func (l *Link) write() {
	defer close(l.written)
	mine := frames{}
	for ending := false; !ending; {
		select {
		case <-l.wake:
		case <-l.ctx.Done():
			ending = true
		}
		port := l.take(&mine)
		if port != nil {
			l.writeAll(port, &mine)
		}
		mine.clear()
		l.idle()
	}
}

// take swaps the queue for an empty one.
func (l *Link) take(mine *frames) Port {
	l.mu.Lock()
	defer l.mu.Unlock()
	mine.most = l.queue.most
	l.queue, *mine = *mine, l.queue
	l.busy = true
	return l.port
}

// idle says that all of that is written.
func (l *Link) idle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy = false
}

func (l *Link) writeAll(port Port, f *frames) {
	from, waiting := 0, f.messages()
	for _, n := range f.ends {
		frame := f.mem[from:n.end]
		from = n.end
		if !n.preamble {
			waiting--
			// Counted before: who gets it may look at once.
			l.counters.DatagramsOut.Add(1)
			l.counters.BytesOut.Add(uint64(n.size))
			l.noteEcho(n.sum)
		}
		l.writing.Store(int64(time.Since(l.begun)))
		_, err := port.Write(frame)
		l.writing.Store(0)
		if err != nil {
			// Serve finds out for itself that the line is gone. This frame was
			// counted as sent, as one is that the line loses.
			l.counters.SendDrops.Add(uint64(waiting))
			l.log.Debug("not written", "error", err)
			return
		}
		l.awaitAnswer()
	}
}

// awaitAnswer waits for the modem's answer, where the framing has one.
func (l *Link) awaitAnswer() {
	if l.framing.Patience == 0 {
		return
	}
	limit := time.NewTimer(l.framing.Patience)
	defer limit.Stop()
	select {
	case <-l.answered:
	case <-limit.C:
	case <-l.ctx.Done():
	}
}
