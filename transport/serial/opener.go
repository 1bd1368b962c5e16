package serial

import (
	"context"
	"time"
)

// Between two attempts to open a line.
const (
	reopenLeast = 100 * time.Millisecond
	reopenMost  = 5 * time.Second
)

// Opener opens a line, and opens it again when it was gone: a gateway's, or that of
// devices. It belongs to one goroutine.
type Opener struct {
	// Heard gets what comes while the line settles, and is no frame; nil: nobody.
	Heard func(octets []byte)

	cfg  Config
	wait time.Duration // before the next attempt; 0: there was none
}

// NewOpener is for a line that is to be opened as cfg says. Its error is of cfg
// alone.
func NewOpener(cfg Config) (*Opener, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	return &Opener{cfg: cfg}, nil
}

// Open tries once. From the second time on it waits before: 100 ms, then twice as
// long each time, up to 5 s, until the line has Worked.
func (o *Opener) Open(ctx context.Context) (Port, error) {
	if !pause(ctx, o.wait) {
		return nil, ctx.Err()
	}
	o.wait = min(max(2*o.wait, reopenLeast), reopenMost)
	port, err := o.cfg.open(ctx)
	if err != nil {
		return nil, err
	}
	if err := o.settle(ctx, port); err != nil {
		_ = port.Close()
		return nil, err
	}
	if o.cfg.Turnaround > 0 {
		port = newPolite(port, o.cfg.Turnaround)
	}
	return port, nil
}

// Worked tells that the line was good for something: the next attempt is made soon.
func (o *Opener) Worked() { o.wait = reopenLeast }

// settle reads what comes while a board starts.
func (o *Opener) settle(ctx context.Context, port Port) error {
	if o.cfg.Settle == 0 {
		return nil
	}
	buf := make([]byte, readSize)
	for end := time.Now().Add(o.cfg.Settle); time.Now().Before(end); {
		n, err := port.Read(buf)
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if o.Heard != nil {
			o.Heard(buf[:n])
		}
	}
	return nil
}

// pause waits, and tells whether that was to its end.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return ctx.Err() == nil
	}
}
