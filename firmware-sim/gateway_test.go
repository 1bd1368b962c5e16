package main

import (
	"net"
	"sync"
	"testing"
	"time"

	"snbroker/mqttsn"
)

// gateway is a scripted one on loopback. It is polite but for the answers that
// a test puts in the way, and notes what it received.
type gateway struct {
	t    *testing.T
	pc   net.PacketConn
	done chan struct{}

	answer map[mqttsn.MsgType][]mqttsn.Message // instead; nil is silence
	after  map[mqttsn.MsgType][]mqttsn.Message // as well
	once   map[mqttsn.MsgType][]mqttsn.Message // as well, the first time
	kept   []mqttsn.Message                    // for a sleeper

	mu       sync.Mutex
	received []string
}

func newGateway(t *testing.T) *gateway {
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{
		t: t, pc: pc, done: make(chan struct{}),
		answer: map[mqttsn.MsgType][]mqttsn.Message{},
		after:  map[mqttsn.MsgType][]mqttsn.Message{},
	}
	t.Cleanup(g.close)
	return g
}

// start is called when the script is complete.
func (g *gateway) start() string {
	go g.serve()
	return g.pc.LocalAddr().String()
}

func (g *gateway) close() {
	g.pc.Close()
	if g.done != nil {
		<-g.done
	}
}

// log is what was received, with the ids of the device's choice left out.
func (g *gateway) log() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.received
}

// await waits until n messages have been received.
func (g *gateway) await(n int) {
	g.t.Helper()
	for end := time.Now().Add(20 * time.Second); len(g.log()) < n; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			g.t.Fatalf("not %d messages in time, but %q", n, g.log())
		}
	}
}

func (g *gateway) serve() {
	defer close(g.done)
	var d mqttsn.Decoder
	buf := make([]byte, mqttsn.MaxLength)
	for {
		n, from, err := g.pc.ReadFrom(buf)
		if err != nil {
			return
		}
		g.mu.Lock()
		g.received = append(g.received, withoutIDs(mqttsn.Describe(buf[:n])))
		g.mu.Unlock()
		m, err := d.Decode(buf[:n])
		if err != nil {
			g.t.Error(err)
			return
		}
		answers, scripted := g.answer[m.Type()]
		if !scripted {
			answers = g.polite(m)
		}
		answers = append(append(answers, g.after[m.Type()]...), g.once[m.Type()]...)
		delete(g.once, m.Type())
		for _, a := range answers {
			b, err := a.AppendBinary(nil)
			if err != nil {
				g.t.Error(err)
				return
			}
			g.pc.WriteTo(b, from)
		}
	}
}

func (g *gateway) polite(m mqttsn.Message) []mqttsn.Message {
	switch m := m.(type) {
	case *mqttsn.SearchGw:
		return []mqttsn.Message{&mqttsn.GwInfo{GwID: 1}}
	case *mqttsn.Connect:
		if m.Will {
			return []mqttsn.Message{&mqttsn.WillTopicReq{}}
		}
		return []mqttsn.Message{&mqttsn.ConnAck{}}
	case *mqttsn.WillTopic:
		return []mqttsn.Message{&mqttsn.WillMsgReq{}}
	case *mqttsn.WillMsg:
		return []mqttsn.Message{&mqttsn.ConnAck{}}
	case *mqttsn.Register:
		return []mqttsn.Message{&mqttsn.RegAck{TopicID: 1, MsgID: m.MsgID}}
	case *mqttsn.Publish:
		switch m.QoS {
		case mqttsn.QoS1:
			return []mqttsn.Message{&mqttsn.PubAck{TopicID: m.TopicID, MsgID: m.MsgID}}
		case mqttsn.QoS2:
			return []mqttsn.Message{&mqttsn.PubRec{MsgID: m.MsgID}}
		}
	case *mqttsn.PubRel:
		return []mqttsn.Message{&mqttsn.PubComp{MsgID: m.MsgID}}
	case *mqttsn.Subscribe:
		return []mqttsn.Message{&mqttsn.SubAck{QoS: m.QoS, TopicID: 1, MsgID: m.MsgID}}
	case *mqttsn.PingReq:
		if len(m.ClientID) > 0 {
			kept := g.kept
			g.kept = nil
			return append(kept, &mqttsn.PingResp{})
		}
		return []mqttsn.Message{&mqttsn.PingResp{}}
	case *mqttsn.Disconnect:
		return []mqttsn.Message{&mqttsn.Disconnect{}}
	}
	return nil
}
