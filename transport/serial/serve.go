package serial

import (
	"time"

	"snbroker/transport"
)

// Between two attempts to open the line.
const (
	reopenLeast = 100 * time.Millisecond
	reopenMost  = 5 * time.Second
)

// Serve reads until Close, and opens the line again whenever it is gone.
func (l *Link) Serve(r transport.Receiver) error {
	if goOn, err := l.begin(); !goOn {
		return err
	}
	defer l.end()
	wait := reopenLeast
	for l.ctx.Err() == nil {
		port := l.current()
		if port == nil {
			if port = l.reopen(wait); port == nil {
				wait = min(2*wait, reopenMost)
				continue
			}
		}
		if l.reader.read(port, r) {
			wait = reopenLeast
		} else {
			wait = min(2*wait, reopenMost) // a line that is gone at once
		}
	}
	return nil
}

func (l *Link) current() Port {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.port
}

// reopen tries once, after a wait. nil: not yet, or not any more.
func (l *Link) reopen(wait time.Duration) Port {
	if l.reader.opened && !l.pause(wait) {
		return nil
	}
	l.reader.opened = true
	port, err := l.cfg.open(l.ctx)
	if err != nil {
		if l.ctx.Err() == nil {
			l.reader.failed(err)
		}
		return nil
	}
	if !l.settle(port) {
		_ = port.Close()
		return nil
	}
	l.up(port)
	return port
}

// settle drops what comes while a board starts, but for its text.
func (l *Link) settle(port Port) bool {
	for end := time.Now().Add(l.cfg.Settle); time.Now().Before(end); {
		n, err := port.Read(l.reader.buf)
		if err != nil {
			l.reader.failed(err)
			return false
		}
		if l.ctx.Err() != nil {
			return false
		}
		l.reader.discard(l.reader.buf[:n])
	}
	return true
}
