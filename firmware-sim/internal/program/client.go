// Package program is a regular MQTT client, as small as the simulator needs it:
// MQTT 3.1.1 over TCP, any QoS both ways, and a session that outlives the broker's
// restarts if wanted.
package program

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Message is a PUBLISH. Its octets are valid during the call that brings it.
type Message struct {
	Topic, Payload []byte
	QoS            uint8
	Retain, Dup    bool
}

// Handler takes what a Client receives. Its methods are called from one
// goroutine, one after the other.
type Handler interface {
	// Messages has the messages of one read, in their order: few or many.
	Messages([]Message)
	// Acknowledged has the ids of publishes that the broker has taken.
	Acknowledged([]uint16)
}

// Client is a connection. Its methods may be called from several goroutines.
type Client struct {
	addr, id string
	patience time.Duration // for the broker to come back; 0: a clean session, and none
	handler  Handler
	done     chan struct{} // closed when all goroutines have ended
	quit     chan struct{} // closed by Close
	wake     chan struct{} // a token: out has something, or the connection is over

	mu     sync.Mutex
	nc     net.Conn // nil: there is none
	broke  error    // why nc is over
	out    []byte
	spare  []byte
	lastID uint16
	busy   map[uint16][]byte // publishes under way; nil ones are released
	order  []uint16          // of busy, as sent
	queue  []waiting
	reply  chan byte // of the SUBSCRIBE under way: its return code
	err    error
}

type waiting struct {
	id     uint16
	packet []byte
}

const (
	keepAlive  = 60 * time.Second
	maxBusy    = 64      // publishes under way at once; others wait
	maxWaiting = 1 << 15 // publishes that wait; one more is ErrBusy
	readBuffer = 256 << 10
)

var (
	// ErrBusy: too many publishes wait for the broker.
	ErrBusy = errors.New("program: the broker does not take the commands as fast as they come")
	// ErrClosed: after Close.
	ErrClosed = errors.New("program: closed")
)

// Dial connects under a ClientID, with a clean session. With patience the session is
// kept at the broker until Close, and a connection that breaks is made again, within
// that time.
func Dial(ctx context.Context, addr, clientID string, patience time.Duration, h Handler) (*Client, error) {
	if patience > 0 { // whatever an earlier run left
		if err := forget(ctx, addr, clientID); err != nil {
			return nil, err
		}
	}
	nc, _, err := dial(ctx, addr, clientID, patience == 0)
	if err != nil {
		return nil, err
	}
	c := &Client{addr: addr, id: clientID, patience: patience, nc: nc, handler: h,
		done: make(chan struct{}), quit: make(chan struct{}), wake: make(chan struct{}, 1), busy: make(map[uint16][]byte)}
	go c.live()
	return c, nil
}

// Subscribe waits until the broker has granted all filters at a QoS.
func (c *Client) Subscribe(ctx context.Context, filters []string, qos uint8) error {
	for _, f := range filters { // one each, so that none is too large a packet
		answer := make(chan byte, 1)
		c.mu.Lock()
		c.reply = answer
		b := appendHeader(c.out, typeSubscribe, 5+len(f))
		b = binary.BigEndian.AppendUint16(b, c.nextID())
		c.out = append(appendString(b, f), qos)
		c.signal()
		c.mu.Unlock()
		select {
		case code := <-answer:
			if code > 2 {
				return fmt.Errorf("the broker does not allow to subscribe to %s", f)
			}
			if code < qos {
				return fmt.Errorf("the broker grants QoS %d to %s, and the check needs %d", code, f, qos)
			}
		case <-c.done:
			return c.Err()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Publish sends a message and returns its id, which Acknowledged will have; 0
// for QoS 0. It does not wait.
func (c *Client) Publish(topic string, payload []byte, qos uint8, retain bool) (uint16, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return 0, c.err
	}
	head, n := byte(typePublish|qos<<1), 2+len(topic)+len(payload)
	if retain {
		head |= 1
	}
	if qos == 0 && c.nc == nil {
		return 0, nil // nobody takes it
	}
	if qos == 0 {
		c.out = append(appendString(appendHeader(c.out, head, n), topic), payload...)
		c.signal()
		return 0, nil
	}
	if len(c.queue) >= maxWaiting {
		return 0, ErrBusy
	}
	id := c.nextID()
	b := appendString(appendHeader(nil, head, n+2), topic)
	b = append(binary.BigEndian.AppendUint16(b, id), payload...)
	c.queue = append(c.queue, waiting{id, b})
	c.pump()
	return id, nil
}

// pump sends what waits, as far as maxBusy allows.
func (c *Client) pump() {
	for len(c.queue) > 0 && len(c.busy) < maxBusy {
		w := c.queue[0]
		c.queue = c.queue[1:]
		c.busy[w.id] = w.packet
		c.order = append(c.order, w.id)
		c.out = append(c.out, w.packet...)
		c.signal()
	}
}

// nextID is one that is not under way; those that wait are fewer than there are
// ids.
func (c *Client) nextID() uint16 {
	for {
		c.lastID++
		if _, taken := c.busy[c.lastID]; c.lastID != 0 && !taken {
			return c.lastID
		}
	}
}

func (c *Client) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// Done is closed when the connection is over; Err says why.
func (c *Client) Done() <-chan struct{} { return c.done }

// Err is why the connection is over, or nil.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *Client) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
	}
}

// Close says goodbye, waits for the goroutines, and has the broker forget a session
// that was kept.
func (c *Client) Close() error {
	c.mu.Lock()
	if c.err == nil {
		c.err = ErrClosed
		close(c.quit)
		if c.nc != nil {
			c.nc.SetWriteDeadline(time.Now().Add(time.Second))
			c.nc.Write(append(c.out, typeDisconnect, 0))
			c.out = nil
			c.nc.Close()
		}
		c.signal()
	}
	c.mu.Unlock()
	<-c.done
	if c.patience == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return forget(ctx, c.addr, c.id)
}
