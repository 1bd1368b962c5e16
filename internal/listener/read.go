package listener

import (
	"errors"
	"os"
	"sync"
	"time"
)

// readBuffer is the size of a pooled buffer: a whole burst of small packets.
const readBuffer = 32 << 10

var buffers = sync.Pool{New: func() any { return new([readBuffer]byte) }}

func takeBuffer() []byte { return buffers.Get().(*[readBuffer]byte)[:0] }

// releaseBuffer gives a buffer of takeBuffer back; others are left to the
// garbage collector.
func releaseBuffer(b []byte) {
	if cap(b) == readBuffer {
		buffers.Put((*[readBuffer]byte)(b[:readBuffer]))
	}
}

// read adds what has arrived to the buffer, waiting for it if need be. It holds
// no buffer while it waits with nothing left over.
func (c *conn) read() error {
	for {
		err := c.readOnce()
		if err == nil {
			c.heard, c.spared = time.Now(), false
			return nil
		}
		if !errors.Is(err, os.ErrDeadlineExceeded) || !c.mayWait() {
			return err
		}
	}
}

// A deadline that is seen so late means that the program was held up: starved, or
// stopped. What the client sent meanwhile is still in the socket, and is read first.
const (
	stallNoticed = 500 * time.Millisecond
	stallGrace   = time.Second
)

// mayWait moves the deadline, which is not done with each packet: it may have
// passed although the client was not silent.
func (c *conn) mayWait() bool {
	if c.session == nil {
		return false
	}
	at, now := c.deadline(), time.Now()
	if !at.IsZero() && !now.Before(at) {
		expired := !c.expires.IsZero() && !now.Before(c.expires)
		if expired || c.spared || now.Sub(at) < stallNoticed {
			return false
		}
		c.spared, at = true, now.Add(stallGrace)
	}
	c.net.SetReadDeadline(at)
	return true
}

func (c *conn) readOnce() error {
	if c.raw == nil {
		if c.buf == nil {
			if c.waiter != nil {
				if err := c.waiter.Wait(); err != nil {
					return err
				}
			}
			c.buf = takeBuffer()
		}
		n, err := c.net.Read(c.buf[len(c.buf):cap(c.buf)])
		c.buf = c.buf[:len(c.buf)+n]
		c.listener.stats.bytesIn.Add(uint64(n))
		if n > 0 {
			return nil
		}
		return err
	}
	c.filled, c.fillErr = 0, nil
	if err := c.raw.Read(c.fill); err != nil {
		return err
	}
	c.listener.stats.bytesIn.Add(uint64(c.filled))
	return c.fillErr
}

// moveToFront keeps the rest of a buffer for the next read, or gives the buffer
// back if nothing is left.
func moveToFront(buf, rest []byte) []byte {
	if len(rest) == 0 {
		releaseBuffer(buf)
		return nil
	}
	if cap(buf) > 0 && cap(rest) == cap(buf) {
		return rest // nothing was consumed
	}
	return buf[:copy(buf[:cap(buf)], rest)]
}

// growBuffer returns b's octets in a buffer that holds n.
func growBuffer(b []byte, n int) []byte {
	return append(make([]byte, 0, n), b...)
}
