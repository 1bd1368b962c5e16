package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"snbroker/mqttsn"
)

// Conn is a connected device for a program that calls and waits. Its methods
// may be called from several goroutines. It does not reconnect: when Done is
// closed it is over, and Err says why.
//
// Functions given to it are called one after the other, on its goroutine, and
// so must not call it back and wait; they hand the message on instead.
type Conn struct {
	nc        net.Conn
	onMessage func(*Message)
	done      chan struct{} // closed when the goroutine has ended

	// mu is held while the Client runs, and so while it writes datagrams; it
	// is not while a function of the program runs. That is in order for
	// sockets that drop what they cannot take, as UDP's do.
	mu      sync.Mutex
	client  *Client
	waiting map[Token]chan result
	turn    chan error // of the Connect, Sleep, Wake or Disconnect under way
	subs    []subscription
	arrived *Message // by the datagram being received
	err     error    // why it is over; nil while it is not
}

// result is what an event says to the method that waits for it.
type result struct {
	granted mqttsn.QoS
	err     error
}

// Dial connects to a gateway; network is one of net's for UDP.
func Dial(ctx context.Context, network, addr string, cfg Config) (*Conn, error) {
	nc, err := new(net.Dialer).DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return NewConn(ctx, nc, cfg)
}

// NewConn connects over nc, which must keep datagrams apart as a connected UDP
// socket does, and is the Conn's from now on, whatever the outcome.
func NewConn(ctx context.Context, nc net.Conn, cfg Config) (*Conn, error) {
	c := &Conn{
		nc:        nc,
		onMessage: cfg.OnMessage,
		done:      make(chan struct{}),
		waiting:   make(map[Token]chan result),
	}
	c.client = New(cfg, (*connOutput)(c))
	go c.receiveLoop()
	if err := c.Connect(ctx); err != nil {
		c.stop(err)
		<-c.done
		return nil, err
	}
	return c, nil
}

// NewPacketConn is NewConn on a socket that is not connected; datagrams from
// elsewhere than the gateway are dropped.
func NewPacketConn(ctx context.Context, pc net.PacketConn, gateway net.Addr, cfg Config) (*Conn, error) {
	return NewConn(ctx, &packetConn{PacketConn: pc, peer: gateway}, cfg)
}

// Done is closed when the connection is over and its socket closed.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err says why the connection is over; nil while it is not.
func (c *Conn) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// receiveLoop reads until the connection is over. Its read deadline is the
// Client's, so that one goroutine does for both.
func (c *Conn) receiveLoop() {
	defer close(c.done)
	defer c.nc.Close()
	buf := make([]byte, mqttsn.MaxLength)
	for c.armed() {
		n, err := c.nc.Read(buf)
		var timeout net.Error
		switch {
		case err == nil:
			c.receive(buf[:n])
		case errors.Is(err, os.ErrDeadlineExceeded),
			errors.As(err, &timeout) && timeout.Timeout():
			c.advance()
		default:
			c.stop(err)
		}
	}
}

// armed sets the read deadline; false when the connection is over.
func (c *Conn) armed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.arm()
	return c.err == nil
}

// arm is called with mu held whenever the Client's deadline may have moved. It
// wakes up a Read that is under way.
func (c *Conn) arm() {
	deadline := c.client.Next()
	if c.err != nil {
		deadline = time.Unix(1, 0)
	}
	c.nc.SetReadDeadline(deadline)
}

func (c *Conn) receive(datagram []byte) {
	c.mu.Lock()
	c.client.Receive(time.Now(), datagram)
	m := c.arrived
	c.arrived = nil
	f := c.onMessage
	if m != nil {
		f = c.claim(m.Topic)
	}
	c.mu.Unlock()
	if m != nil && f != nil {
		f(m)
	}
}

func (c *Conn) advance() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.client.Advance(time.Now())
}

// stop ends the connection for a reason; the first one counts.
func (c *Conn) stop(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over(err)
}

// over is stop with mu held.
func (c *Conn) over(err error) {
	if c.err == nil {
		c.err = err
		c.arm()
	}
}

// do starts a request, and waits for the event that answers it.
func (c *Conn) do(ctx context.Context, what string, start func(now time.Time) (Token, error)) (result, error) {
	token, answer, err := c.begin(start)
	if err != nil {
		return result{}, fmt.Errorf("%s: %w", what, err)
	}
	if token == 0 {
		return result{}, nil
	}
	var r result
	select {
	case r = <-answer:
	case <-c.done:
		select {
		case r = <-answer: // both: the answer is what counts
		default:
			r.err = c.Err()
		}
	case <-ctx.Done():
		r.err = ctx.Err()
	}
	if r.err != nil {
		c.forget(token)
		return r, fmt.Errorf("%s: %w", what, r.err)
	}
	return r, nil
}

func (c *Conn) begin(start func(now time.Time) (Token, error)) (Token, chan result, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return 0, nil, c.err
	}
	token, err := start(time.Now())
	if err != nil || token == 0 {
		return 0, nil, err
	}
	if _, taken := c.waiting[token]; taken { // the Ping of someone else
		return 0, nil, ErrState
	}
	answer := make(chan result, 1)
	c.waiting[token] = answer
	c.arm()
	return token, answer, nil
}

// forget gives up waiting. A request that has been sent is finished all the
// same, a QoS 2 exchange above all.
func (c *Conn) forget(t Token) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.waiting, t)
	c.client.Cancel(t)
}

// change starts a change of state, of which there can be one at a time, and
// waits for it.
func (c *Conn) change(ctx context.Context, what string, start func(now time.Time) error) error {
	turn, err := c.beginChange(start)
	if err == nil {
		select {
		case err = <-turn:
		case <-c.done:
			select {
			case err = <-turn: // both: what it came to is what counts
			default:
				err = c.Err()
			}
		case <-ctx.Done():
			err = ctx.Err()
			c.mu.Lock()
			if c.turn == turn {
				c.turn = nil
			}
			c.mu.Unlock()
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (c *Conn) beginChange(start func(now time.Time) error) (chan error, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	if c.turn != nil {
		return nil, ErrState
	}
	turn := make(chan error, 1)
	c.turn = turn
	if err := start(time.Now()); err != nil {
		c.turn = nil
		return nil, err
	}
	c.arm()
	return turn, nil
}
