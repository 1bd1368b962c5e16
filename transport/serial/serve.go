package serial

import (
	"snbroker/transport"
)

// Serve reads until Close, and opens the line again whenever it is gone.
func (l *Link) Serve(r transport.Receiver) error {
	if goOn, err := l.begin(); !goOn {
		return err
	}
	defer l.end()
	for l.ctx.Err() == nil {
		port := l.current()
		if port == nil {
			if port = l.reopen(); port == nil {
				continue
			}
		}
		if l.reader.read(port, r) {
			l.opener.Worked()
		}
	}
	return nil
}

func (l *Link) current() Port {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.port
}

// reopen tries once. nil: not yet, or not any more.
func (l *Link) reopen() Port {
	port, err := l.opener.Open(l.ctx)
	if err != nil {
		if l.ctx.Err() == nil {
			l.reader.failed(err)
		}
		return nil
	}
	l.up(port)
	return port
}
