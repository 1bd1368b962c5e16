package client

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"snbroker/mqttsn"
)

// udpGateway answers on loopback as reply says; reply runs on its goroutine.
type udpGateway struct {
	pc   net.PacketConn
	done chan struct{}
}

func newUDPGateway(t testing.TB, reply func(m mqttsn.Message) []mqttsn.Message) *udpGateway {
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &udpGateway{pc: pc, done: make(chan struct{})}
	go g.serve(reply)
	t.Cleanup(g.close)
	return g
}

func (g *udpGateway) addr() string { return g.pc.LocalAddr().String() }

func (g *udpGateway) close() {
	g.pc.Close()
	<-g.done
}

func (g *udpGateway) serve(reply func(m mqttsn.Message) []mqttsn.Message) {
	defer close(g.done)
	var d mqttsn.Decoder
	buf := make([]byte, 65536)
	for {
		n, from, err := g.pc.ReadFrom(buf)
		if err != nil {
			return
		}
		m, err := d.Decode(buf[:n])
		if err != nil {
			continue
		}
		for _, answer := range reply(m) {
			if b, err := answer.AppendBinary(nil); err == nil {
				g.pc.WriteTo(b, from)
			}
		}
	}
}

// polite accepts everything, and sends what is published back at QoS 1.
func polite() func(m mqttsn.Message) []mqttsn.Message {
	return func(m mqttsn.Message) []mqttsn.Message {
		switch m := m.(type) {
		case *mqttsn.Connect:
			return []mqttsn.Message{&mqttsn.ConnAck{}}
		case *mqttsn.Register:
			return []mqttsn.Message{&mqttsn.RegAck{TopicID: 1, MsgID: m.MsgID}}
		case *mqttsn.Subscribe:
			return []mqttsn.Message{&mqttsn.SubAck{QoS: m.QoS, TopicID: 1, MsgID: m.MsgID}}
		case *mqttsn.Unsubscribe:
			return []mqttsn.Message{&mqttsn.UnsubAck{MsgID: m.MsgID}}
		case *mqttsn.Publish:
			return []mqttsn.Message{
				&mqttsn.PubAck{TopicID: m.TopicID, MsgID: m.MsgID},
				&mqttsn.Publish{QoS: mqttsn.QoS1, TopicIDType: m.TopicIDType, TopicID: m.TopicID, MsgID: 7, Data: m.Data},
			}
		case *mqttsn.PingReq:
			return []mqttsn.Message{&mqttsn.PingResp{}}
		case *mqttsn.Disconnect:
			return []mqttsn.Message{&mqttsn.Disconnect{}}
		case *mqttsn.WillTopicUpd:
			return []mqttsn.Message{&mqttsn.WillTopicResp{}}
		}
		return nil
	}
}

func dialTest(t *testing.T, addr string, cfg Config) *Conn {
	t.Helper()
	cfg.ClientID = "c1"
	c, err := Dial(t.Context(), "udp", addr, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

func TestConn(t *testing.T) {
	g := newUDPGateway(t, polite())
	c := dialTest(t, g.addr(), Config{})
	ctx := t.Context()

	got := make(chan string, 10)
	granted, err := c.Subscribe(ctx, Named("a/b"), qos1, func(m *Message) {
		got <- m.Topic.String() + " " + string(m.Payload)
	})
	if err != nil || granted != qos1 {
		t.Fatal(granted, err)
	}
	if err := c.Publish(ctx, Named("a/b"), []byte("hi"), qos1, false); err != nil {
		t.Fatal(err)
	}
	if m := <-got; m != "a/b hi" {
		t.Error(m)
	}
	for _, step := range []struct {
		what string
		do   func() error
	}{
		{"register", func() error { return c.Register(ctx, "x") }},
		{"unsubscribe", func() error { return c.Unsubscribe(ctx, Named("a/b")) }},
		{"will", func() error { return c.UpdateWill(ctx, nil) }},
		{"ping", func() error { _, err := c.Ping(ctx); return err }},
		{"sleep", func() error { return c.Sleep(ctx, time.Minute) }},
		{"wake", func() error { return c.Wake(ctx) }},
		{"connect", func() error { return c.Connect(ctx) }},
		{"close", func() error { return c.Close(ctx) }},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
	}
	<-c.Done()
	if !errors.Is(c.Err(), ErrClosed) {
		t.Error(c.Err())
	}
	if err := c.Publish(ctx, Named("a/b"), nil, qos0, false); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := c.Close(ctx); err != nil {
		t.Error(err)
	}
}

func TestConnOnMessage(t *testing.T) {
	g := newUDPGateway(t, polite())
	got := make(chan string, 10)
	c := dialTest(t, g.addr(), Config{OnMessage: func(m *Message) { got <- m.Topic.Name }})
	if err := c.Publish(t.Context(), Short("tt"), []byte("hi"), qos0, false); err != nil {
		t.Fatal(err)
	}
	if m := <-got; m != "tt" {
		t.Error(m)
	}
}

func TestConnRefused(t *testing.T) {
	g := newUDPGateway(t, func(m mqttsn.Message) []mqttsn.Message {
		return []mqttsn.Message{&mqttsn.ConnAck{ReturnCode: mqttsn.ReturnNotSupported}}
	})
	_, err := Dial(t.Context(), "udp", g.addr(), Config{ClientID: "c1"})
	var refused *ReturnError
	if !errors.As(err, &refused) || refused.ReturnCode != mqttsn.ReturnNotSupported {
		t.Error(err)
	}
}

func TestConnNobodyThere(t *testing.T) {
	g := newUDPGateway(t, nil)
	g.close()
	_, err := Dial(t.Context(), "udp", g.addr(), Config{ClientID: "c1"})
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Error(err)
	}
}

func TestConnNoAnswer(t *testing.T) {
	g := newUDPGateway(t, func(mqttsn.Message) []mqttsn.Message { return nil })
	_, err := Dial(t.Context(), "udp", g.addr(), Config{ClientID: "c1", TRetry: 20 * time.Millisecond, NRetry: 2})
	var no *NoAnswerError
	if !errors.As(err, &no) || no.Tries != 3 || !strings.Contains(err.Error(), "no answer to CONNECT after 3 tries") {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := Dial(ctx, "udp", g.addr(), Config{ClientID: "c1"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestConnGatewayDisconnects(t *testing.T) {
	answer := polite()
	g := newUDPGateway(t, func(m mqttsn.Message) []mqttsn.Message {
		if m.Type() == mqttsn.TypeSubscribe {
			return []mqttsn.Message{&mqttsn.Disconnect{}}
		}
		return answer(m)
	})
	c := dialTest(t, g.addr(), Config{})
	if _, err := c.Subscribe(t.Context(), Named("a"), qos0, nil); !errors.Is(err, ErrGatewayDisconnected) {
		t.Error(err)
	}
	<-c.Done()
}

func TestConnCongestion(t *testing.T) {
	answer := polite()
	g := newUDPGateway(t, func(m mqttsn.Message) []mqttsn.Message {
		if m, ok := m.(*mqttsn.Publish); ok {
			return []mqttsn.Message{&mqttsn.PubAck{MsgID: m.MsgID, TopicID: m.TopicID, ReturnCode: mqttsn.ReturnCongestion}}
		}
		return answer(m)
	})
	c := dialTest(t, g.addr(), Config{})
	err := c.Publish(t.Context(), Short("tt"), nil, qos1, false)
	var refused *ReturnError
	if !errors.As(err, &refused) || refused.ReturnCode != mqttsn.ReturnCongestion {
		t.Error(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.client.Queued() != 0 {
		t.Error("request was not taken back")
	}
}

func TestPacketConn(t *testing.T) {
	g := newUDPGateway(t, polite())
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewPacketConn(t.Context(), pc, g.pc.LocalAddr(), Config{ClientID: "c1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
