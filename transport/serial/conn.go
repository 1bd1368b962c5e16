package serial

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"snbroker/transport/serial/framing"
)

// Conn is a device's end of a line, with the radio modem in between if the framing
// has one. It keeps messages apart, as a connected UDP socket does, and ends when
// the line is gone; Err then says why.
type Conn struct {
	net.Conn // the program's end of a pipe
	inner    net.Conn
	port     Port
	framing  *framing.Framing
	to       string // the gateway's address on the line
	header   []byte // a forwarder's, for each message; nil: none
	silence  time.Duration

	sent    chan struct{} // closed when send has ended
	writing sync.Mutex    // of port
	workers sync.WaitGroup
	closing sync.Once
	mu      sync.Mutex
	err     error
}

// Dial opens a line as a device. node is its address on the line, as long as the
// framing wants; or, in framings without addresses, its node id behind a forwarder
// (SN §5.5) that shares the line with others; nil for none.
func Dial(ctx context.Context, cfg Config, node []byte) (*Conn, error) {
	opener, err := NewOpener(cfg)
	if err != nil {
		return nil, err
	}
	o := framing.Options{Device: true}
	c := &Conn{silence: cfg.silence(), sent: make(chan struct{})}
	if framing.Addressed(cfg.Framing) || cfg.Framing == "aquila" {
		o.Address = node
	} else if len(node) > 0 {
		c.header = forwarderHeader(node)
	}
	if c.framing, err = cfg.framing(o); err != nil {
		return nil, err
	}
	if cfg.Framing == "radiohead" {
		c.to = string([]byte{byte(cfg.Address)})
	}
	if c.port, err = opener.Open(ctx); err != nil {
		return nil, err
	}
	c.Conn, c.inner = net.Pipe()
	c.workers.Go(c.receive)
	c.workers.Go(c.send)
	return c, nil
}

// forwarderHeader is Length, FE, control, node id.
func forwarderHeader(node []byte) []byte {
	return append([]byte{byte(3 + len(node)), 0xFE, 0}, node...)
}

// Err says why the line is gone; nil while it is not.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Close ends the connection, and waits until the line is closed. What was written
// is still sent, within reason.
func (c *Conn) Close() error {
	c.stop(net.ErrClosed)
	limit := time.NewTimer(lastWords)
	defer limit.Stop()
	select {
	case <-c.sent:
	case <-limit.C:
	}
	c.closing.Do(func() { _ = c.port.Close() })
	c.workers.Wait()
	return nil
}

// stop ends the program's end; the first reason counts.
func (c *Conn) stop(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
		c.Conn.Close()
		c.inner.Close()
	}
}

// Read implements net.Conn. It tells why the line is gone, if it is.
func (c *Conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) {
		return n, c.Err()
	}
	return n, err
}

// send passes on what the program writes: one message each.
func (c *Conn) send() {
	defer close(c.sent)
	b := make([]byte, c.framing.MTU+1) // one more, so that too much is noticed
	var out, frame []byte
	if err := c.write(c.framing.Preamble); err != nil {
		c.stop(err)
		return
	}
	for {
		n, err := c.inner.Read(b)
		if err != nil {
			return
		}
		out = append(append(out[:0], c.header...), b[:n]...)
		if frame, err = c.framing.Append(frame[:0], c.to, out); err != nil {
			continue // as a datagram that no network carries
		}
		if err := c.write(frame); err != nil {
			c.stop(err)
			return
		}
	}
}

func (c *Conn) write(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	_, err := c.port.Write(b)
	return err
}

// receive reads the line until it is gone.
func (c *Conn) receive() {
	buf := make([]byte, readSize)
	for {
		begun := time.Now()
		n, err := c.port.Read(buf)
		if time.Since(begun) >= c.silence {
			c.framing.Silence()
		}
		if e := c.decode(buf[:n]); err == nil {
			err = e
		}
		if err != nil {
			c.stop(err)
			return
		}
	}
}

var errProgram = errors.New("the program has closed the connection")

func (c *Conn) decode(octets []byte) error {
	for {
		n, e := c.framing.Next(octets)
		octets = octets[n:]
		if e.Kind == framing.None {
			return nil
		}
		if err := c.write(e.Reply); err != nil {
			return err
		}
		message, mine := bytes.CutPrefix(e.Data, c.header)
		if e.Kind != framing.Message || !mine {
			continue
		}
		if _, err := c.inner.Write(message); err != nil {
			return errProgram
		}
	}
}
