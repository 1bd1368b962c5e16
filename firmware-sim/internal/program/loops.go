package program

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"
)

// writer writes what gathers in out, and a ping when nothing does, until the
// connection is over.
func (c *Client) writer(nc net.Conn, written chan<- struct{}) {
	defer close(written)
	idle := time.NewTicker(keepAlive / 2)
	defer idle.Stop()
	for {
		var ping []byte
		select {
		case <-c.wake:
		case <-idle.C:
			ping = []byte{typePingReq, 0}
		}
		c.mu.Lock()
		if c.err != nil || c.nc != nc {
			c.mu.Unlock()
			return
		}
		b := append(c.out, ping...)
		c.out = c.spare[:0]
		c.mu.Unlock()
		_, err := nc.Write(b)
		c.mu.Lock()
		c.spare = b
		c.mu.Unlock()
		if err != nil {
			c.drop(nc, fmt.Errorf("the connection to the broker broke: %w", err))
			return
		}
	}
}

// batch is what one read brought.
type batch struct {
	messages []Message
	acked    []uint16
	answers  []byte
	held     [1 << 16 / 64]uint64 // ids of QoS 2, received and not released
}

// read reads until the end of a connection, and returns its reason.
func (c *Client) read(nc net.Conn, in *batch) error {
	buf := make([]byte, readBuffer)
	for n := 0; ; {
		m, err := nc.Read(buf[n:])
		n += m
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errors.New("the broker closed the connection: its log says why")
			}
			return err
		}
		rest, err := c.take(in, buf[:n])
		if err != nil {
			return err
		}
		n = copy(buf, rest)
		if n == len(buf) { // a packet that does not fit
			buf = append(buf, make([]byte, len(buf))...)
		}
	}
}

// take handles the packets in b and returns what is left of it.
func (c *Client) take(in *batch, b []byte) ([]byte, error) {
	in.messages, in.acked, in.answers = in.messages[:0], in.acked[:0], in.answers[:0]
	for {
		head, body, rest, err := cut(b)
		if err == errIncomplete {
			break
		}
		if err == nil {
			err = c.packet(in, head, body)
		}
		if err != nil {
			return nil, err
		}
		b = rest
	}
	// Whoever acknowledges has the message.
	if len(in.messages) > 0 {
		c.handler.Messages(in.messages)
	}
	if len(in.acked) > 0 {
		c.handler.Acknowledged(in.acked)
	}
	if len(in.answers) > 0 {
		c.mu.Lock()
		c.out = append(c.out, in.answers...)
		c.signal()
		c.mu.Unlock()
	}
	return b, nil
}

func (c *Client) packet(in *batch, head byte, body []byte) error {
	if head&0xF0 == typePublish {
		return in.publish(head, body)
	}
	if head == typePingResp && len(body) == 0 {
		return nil
	}
	if len(body) < 2 {
		return errMalformed
	}
	id := binary.BigEndian.Uint16(body)
	switch head {
	case typePubAck, typePubComp:
		c.finish(in, id)
	case typePubRec:
		c.mu.Lock()
		if _, ok := c.busy[id]; ok {
			c.busy[id] = nil
		}
		c.mu.Unlock()
		in.answers = appendAck(in.answers, typePubRel, id)
	case typePubRel:
		in.held[id/64] &^= 1 << (id % 64)
		in.answers = appendAck(in.answers, typePubComp, id)
	case typeSubAck:
		if len(body) != 3 {
			return errMalformed
		}
		c.mu.Lock()
		answer := c.reply
		c.reply = nil
		c.mu.Unlock()
		if answer != nil {
			answer <- body[2]
		}
	default:
		return errMalformed
	}
	return nil
}

func (in *batch) publish(head byte, body []byte) error {
	m, id, err := decodePublish(head, body)
	if err != nil {
		return err
	}
	switch m.QoS {
	case 1:
		in.answers = appendAck(in.answers, typePubAck, id)
	case 2:
		in.answers = appendAck(in.answers, typePubRec, id)
		if in.held[id/64]>>(id%64)&1 != 0 {
			return nil
		}
		in.held[id/64] |= 1 << (id % 64)
	}
	in.messages = append(in.messages, m)
	return nil
}

func (c *Client) finish(in *batch, id uint16) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.busy[id]; ok {
		delete(c.busy, id)
		c.order = slices.DeleteFunc(c.order, func(o uint16) bool { return o == id })
		in.acked = append(in.acked, id)
		c.pump()
	}
}
