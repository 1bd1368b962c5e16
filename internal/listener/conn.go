package listener

import (
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"snbroker/broker"
	"snbroker/internal/auth"
	"snbroker/internal/mqtt"
)

// conn is a client's connection.
type conn struct {
	listener *Listener
	cfg      *rules // those that it came under
	net      net.Conn
	raw      syscall.RawConn // nil if the connection is not a plain socket
	waiter   waiter          // nil unless the connection has layers over its socket
	host     *host           // the address it is counted by; nil: none
	identity string          // that a certificate proves; "": none
	proof    auth.Proof      // that certificate; nil: there is none

	// Owned by the reader.
	buf         []byte // what has been read and not yet consumed; nil when idle
	fill        func(fd uintptr) bool
	filled      int
	fillErr     error
	version     mqtt.Version
	id          string
	silence     time.Duration // longest the client may be silent; 0: any
	heard       time.Time
	aliases     []string // topic aliases from the client, by alias - 1
	sentAliases *aliases // from us; nil: none. The writer's
	rate        rate
	leaving     bool // DISCONNECT without a will was received
	spared      bool // its time was over while the program was held up
	session     *broker.Conn
	expiry      time.Duration
	expires     time.Time  // of the client's identity; zero: never
	entered     bool       // its client was let in, and the reader has moved
	admission   *admission // while an enhanced authentication goes on
	method      string     // of enhanced authentication; "": none
	sendLimit   int        // the client's Maximum Packet Size; 0: none
	explain     bool       // an MQTT 5 client that did not ask to be told no reasons

	who atomic.Pointer[auth.Identity] // once it is let in; for Sweep
	out outbox
}

func newConn(l *Listener, cfg *rules, nc net.Conn) *conn {
	c := &conn{listener: l, cfg: cfg, net: nc}
	if c.raw = rawConn(nc); c.raw != nil {
		c.fill = c.fillFrom
	}
	c.waiter, _ = nc.(waiter)
	if p, ok := nc.(patient); ok {
		p.setPatience(c.mayWait)
	}
	return c
}

// serve is the reader: it runs until the connection ends.
func (c *conn) serve() {
	if c.heard.IsZero() {
		c.heard = time.Now()
	}
	c.net.SetReadDeadline(c.heard.Add(c.cfg.ConnectTimeout))
	c.readOn()
}

// readOn runs the reader until the connection ends, or until its client is let
// in: what that takes has made the goroutine's stack large, and it would stay so
// while the client is idle. The reader goes on in a goroutine of its own.
func (c *conn) readOn() {
	if why := c.readLoop(); why == errEntered {
		go c.readOn()
	} else {
		c.end(why)
	}
}

// end gives back what the connection had.
func (c *conn) end(why error) {
	l := c.listener
	releaseBuffer(c.buf)
	c.buf = nil
	c.detach()
	l.forget(c)
	c.report(why)
}

// detach gives the session back, if the connection still has it.
func (c *conn) detach() {
	if c.session != nil {
		var t broker.Turn
		c.session.Close(!c.leaving, &t)
		c.linger(t.Until())
		c.listener.broker.End(&t)
	}
}

// report logs why a connection ended, once.
func (c *conn) report(why error) {
	log := c.cfg.Log.With("client", c.id, "peer", c.net.RemoteAddr())
	var wrong *mqtt.Error
	var told *closing
	switch {
	case errors.As(why, &wrong), errors.As(why, &told):
		c.listener.stats.protocolError.Add(1)
		log.Info("client disconnected: protocol error", "error", why)
	case errors.Is(why, os.ErrDeadlineExceeded):
		log.Info("client disconnected: silent for too long")
	case c.leaving, errors.Is(why, net.ErrClosed), errors.Is(why, errTakenOver):
		log.Debug("client disconnected")
	case errors.Is(why, io.EOF), errors.Is(why, syscall.ECONNRESET):
		log.Debug("client closed the connection without DISCONNECT")
	default:
		log.Info("client disconnected", "error", why)
	}
}

// readLoop reads and handles packets until something ends it. It has a worker
// only while there is something in the buffer.
func (c *conn) readLoop() error {
	var w *worker
	for {
		err := c.read()
		if w == nil {
			w = takeWorker()
			w.decoder.Version = c.version
		}
		if err == nil {
			err = c.consume(w)
		}
		if err != nil {
			// Before the client sees the end: one that has left and is back at
			// once would take over its own connection, and lose its will.
			c.detach()
			c.part(w, err)
			w.release()
			return err
		}
		if c.session != nil && !c.entered {
			c.entered = true
			w.release()
			return errEntered
		}
		if len(c.buf) == 0 {
			w.release()
			w = nil
		}
	}
}

// consume handles the whole packets in the buffer, as one turn.
func (c *conn) consume(w *worker) error {
	b := c.buf
	var err error
	handled := uint64(0)
	for err == nil {
		var n int
		if n, err = mqtt.PeekFrame(b, c.packetLimit()); err != nil || n == 0 || len(b) < n {
			if err == nil && n > cap(c.buf) {
				b = growBuffer(b, n)
				c.buf = b[:0:cap(b)]
			}
			break
		}
		if c.cfg.Tap.On() {
			c.show(b[:n])
		}
		before := len(w.acks)
		err = c.packet(w, b[:n])
		if c.sendLimit > 0 && len(w.acks)-before > c.sendLimit {
			w.acks, err = w.acks[:before], errAnswer // [MQTT-3.1.2-24]
		}
		b = b[n:]
		handled++
	}
	c.listener.stats.packetsIn.Add(handled)
	pause := max(c.listener.broker.End(&w.turn), c.rate.pause(w.published, c.cfg.MaxMessageRate), c.host.pause(w.published, c.cfg.MaxMessageRatePerAddress))
	w.published = 0
	if pause > 0 {
		time.Sleep(pause)
	}
	c.flush(w)
	c.buf = moveToFront(c.buf, b)
	if err == nil && c.overrun() {
		err = errUnread
	}
	return err
}

// packetLimit is the largest remaining length taken in now.
func (c *conn) packetLimit() int {
	if c.session == nil {
		return c.cfg.MaxConnectPacket
	}
	return c.cfg.MaxPacket
}
