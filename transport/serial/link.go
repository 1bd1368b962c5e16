package serial

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"snbroker/transport"
	"snbroker/transport/serial/framing"
)

// Link is a line. It is open from Open to Close, whether its device is there or
// not.
type Link struct {
	cfg      Config
	name     string
	log      *slog.Logger
	framing  *framing.Framing // its Encoder is the sender's, its Decoder the reader's
	counters transport.Counters
	notes    lineCounters
	ctx      context.Context // ends with Close
	cancel   context.CancelFunc

	out out // the sender's

	mu      sync.Mutex
	port    Port // nil: the line is away
	queue   frames
	busy    bool // the writer has frames that left the queue
	serving bool
	closed  bool

	// The writer's, but for wake and answered, which it is sent.
	wake     chan struct{}
	answered chan struct{}
	written  chan struct{} // closed when it has ended
	writing  atomic.Int64  // since when a frame is being written; 0: none is
	begun    time.Time
	echoes   echoes

	opener *Opener // Serve's
	reader reader  // Serve's
}

var _ transport.Link = (*Link)(nil)

// Open makes a Link. Its error is of cfg alone: a device that is not there, or
// busy, is told to the log and tried again by Serve.
func Open(cfg Config) (*Link, error) {
	opener, err := NewOpener(cfg)
	if err != nil {
		return nil, err
	}
	f, err := cfg.framing(framing.Options{})
	if err != nil {
		return nil, err
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	l := &Link{
		cfg: cfg, framing: f, opener: opener, name: "serial " + cfg.Device,
		log:      cfg.Log.With("line", cfg.Device),
		queue:    frames{most: cfg.queueSize()},
		wake:     make(chan struct{}, 1),
		answered: make(chan struct{}, 1),
		written:  make(chan struct{}),
		begun:    time.Now(),
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	l.reader.init(l)
	opener.Heard = l.reader.discard
	if !f.Checked {
		l.log.Warn("framing without a checksum: a disturbed octet can become another topic or value; use one with a checksum where the devices can", "framing", f.Name)
	}
	// What may take its time is Serve's.
	if _, tcp := TCP(cfg.Device); !tcp && cfg.Settle == 0 {
		l.reopen()
	}
	go l.write()
	return l, nil
}

// Name is "serial DEVICE".
func (l *Link) Name() string { return l.name }

// MTU is the longest message in octets.
func (l *Link) MTU() int { return l.framing.MTU }

// Everybody is where to send what all on the line are to hear, and may as well be
// heard later: nowhere while the line is away, or has something else to carry; and
// where the framing has no address for it.
func (l *Link) Everybody() []transport.Addr {
	node, ok := framing.Everybody(l.cfg.Framing)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !ok || l.port == nil || l.busy || len(l.queue.ends) > 0 {
		return nil
	}
	return []transport.Addr{{Node: node}}
}

// Stats is a snapshot of the counters. ReceiveErrors counts what was no frame,
// text left out.
func (l *Link) Stats() transport.Stats { return l.counters.Snapshot() }

// Close makes Serve return. What is in the queue is still written, within reason.
func (l *Link) Close() error {
	l.mu.Lock()
	again, serving := l.closed, l.serving
	l.closed = true
	l.mu.Unlock()
	if again {
		return nil
	}
	l.cancel()
	if !serving {
		l.end()
	}
	return nil
}

// lastWords is how long the queue may take to be written at the end.
const lastWords = time.Second

// end waits for the writer and closes the port.
func (l *Link) end() {
	limit := time.NewTimer(lastWords)
	defer limit.Stop()
	select {
	case <-l.written:
	case <-limit.C:
	}
	if port := l.down(); port != nil {
		_ = port.Close() // nobody could do anything about it
	}
	<-l.written
}

// up takes a port into use.
func (l *Link) up(port Port) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.port = port
	l.queue.clear()
	l.queue.put(l.framing.Preamble, note{preamble: true})
	l.wakeWriter()
}

// down takes the port out of use; what is queued for it is given up.
func (l *Link) down() Port {
	l.mu.Lock()
	defer l.mu.Unlock()
	port := l.port
	l.port = nil
	l.counters.SendDrops.Add(uint64(l.queue.clear()))
	return port
}

func (l *Link) wakeWriter() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

var errServed = errors.New("serial: Serve called twice")

// begin tells whether Serve may begin.
func (l *Link) begin() (goOn bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false, nil
	}
	if l.serving {
		return false, errServed
	}
	l.serving = true
	return true, nil
}
