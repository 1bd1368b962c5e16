package program

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// ErrForgotten: the session was not there any more when the broker was.
var ErrForgotten = errors.New("the broker has forgotten the session of the check, and all that waited in it: it is to keep sessions over a restart")

// dial connects. present tells whether the broker had a session.
func dial(ctx context.Context, addr, clientID string, clean bool) (nc net.Conn, present bool, err error) {
	if nc, err = new(net.Dialer).DialContext(ctx, "tcp", addr); err != nil {
		return nil, false, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		nc.SetDeadline(deadline)
	}
	if present, err = connect(nc, clientID, clean); err != nil {
		nc.Close()
		return nil, false, err
	}
	nc.SetDeadline(time.Time{})
	return nc, present, nil
}

func connect(nc net.Conn, clientID string, clean bool) (present bool, err error) {
	b := appendHeader(nil, typeConnect, 12+len(clientID))
	b = appendString(b, "MQTT")
	b = append(b, 4, 0) // 3.1.1
	if clean {
		b[len(b)-1] = 2
	}
	b = binary.BigEndian.AppendUint16(b, uint16(keepAlive/time.Second))
	b = appendString(b, clientID)
	if _, err := nc.Write(b); err != nil {
		return false, err
	}
	var answer [4]byte
	if _, err := io.ReadFull(nc, answer[:]); err != nil {
		return false, fmt.Errorf("no CONNACK: %w", err)
	}
	switch {
	case answer[0] != typeConnAck || answer[1] != 2:
		return false, errMalformed
	case answer[3] != 0:
		return false, fmt.Errorf("the broker refuses the connection with code %d: it may want a user and a password, or allow fewer clients", answer[3])
	}
	return answer[2]&1 != 0, nil
}

// forget has the broker forget a session.
func forget(ctx context.Context, addr, clientID string) error {
	nc, _, err := dial(ctx, addr, clientID, true)
	if err != nil {
		return err
	}
	defer nc.Close()
	_, err = nc.Write([]byte{typeDisconnect, 0})
	return err
}

// live is the goroutine of all connections, one after the other.
func (c *Client) live() {
	defer close(c.done)
	var in batch
	for nc := c.nc; nc != nil; {
		written := make(chan struct{})
		go c.writer(nc, written)
		err := c.read(nc, &in)
		c.drop(nc, err)
		<-written
		if nc, err = c.again(); err != nil {
			c.fail(err)
		}
	}
}

// drop ends a connection, for the first reason there is.
func (c *Client) drop(nc net.Conn, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.nc == nc {
		c.nc, c.broke = nil, err
	}
	nc.Close()
	c.signal()
}

// again makes a connection in place of one that broke.
func (c *Client) again() (net.Conn, error) {
	c.mu.Lock()
	err := c.broke
	c.mu.Unlock()
	if c.patience == 0 {
		return nil, err
	}
	const pause = 100 * time.Millisecond
	for end := time.Now().Add(c.patience); time.Now().Before(end); {
		select {
		case <-c.quit:
			return nil, ErrClosed
		case <-time.After(pause):
		}
		ctx, cancel := context.WithDeadline(context.Background(), end)
		nc, present, wrong := dial(ctx, c.addr, c.id, false)
		cancel()
		if wrong != nil {
			err = wrong
			continue
		}
		if !present {
			nc.Close()
			return nil, ErrForgotten
		}
		if err := c.resume(nc); err != nil {
			return nil, err
		}
		return nc, nil
	}
	return nil, fmt.Errorf("%w, and there was no other one within %v", err, c.patience)
}

// resume sends again what was under way. MQTT 4.4
func (c *Client) resume(nc net.Conn) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		nc.Close()
		return c.err
	}
	c.nc, c.broke, c.out = nc, nil, c.out[:0]
	for _, id := range c.order {
		if b := c.busy[id]; b == nil {
			c.out = appendAck(c.out, typePubRel, id)
		} else {
			const dup = 8
			c.out = append(c.out, b...)
			c.out[len(c.out)-len(b)] |= dup
		}
	}
	c.signal()
	return nil
}

// Connected tells whether there is a connection now.
func (c *Client) Connected() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.nc != nil
}
