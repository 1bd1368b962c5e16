package client

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"snbroker/mqttsn"
)

// script is a conversation: a device, its time, and what it sent and reported.
type script struct {
	t      *testing.T
	c      *Client
	now    time.Time
	sent   []string
	events []string
	handle func(Event)
}

func newScript(t *testing.T, cfg Config) *script {
	s := &script{t: t, now: time.Unix(1000, 0)}
	if cfg.ClientID == "" {
		cfg.ClientID = "c1"
	}
	s.c = New(cfg, s)
	return s
}

// connected is a device past CONNECT and CONNACK.
func connected(t *testing.T, cfg Config) *script {
	t.Helper()
	s := newScript(t, cfg)
	s.do(s.c.Connect(s.now))
	s.sent = nil
	s.gateway("03 05 00")
	s.reports("Connected{Resumed:false}")
	return s
}

func (s *script) Send(b []byte) { s.sent = append(s.sent, spaced(b)) }

func (s *script) Handle(e Event) {
	line := strings.TrimPrefix(fmt.Sprintf("%+v", e), "&")
	if m, ok := e.(*Message); ok {
		line = fmt.Sprintf("{%v qos=%v retain=%v dup=%v %q}", m.Topic, m.QoS, m.Retain, m.Dup, m.Payload)
	}
	s.events = append(s.events, strings.TrimPrefix(fmt.Sprintf("%T", e), "*client.")+line)
	if s.handle != nil {
		s.handle(e)
	}
}

func (s *script) do(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *script) ask(_ Token, err error) { s.t.Helper(); s.do(err) }

// gateway has the device receive datagrams.
func (s *script) gateway(datagrams ...string) {
	s.t.Helper()
	for _, d := range datagrams {
		if err := s.c.Receive(s.now, unspaced(d)); err != nil {
			s.t.Fatalf("Receive(%s): %v", d, err)
		}
	}
}

// ignores is gateway for what is of no use.
func (s *script) ignores(datagrams ...string) {
	s.t.Helper()
	for _, d := range datagrams {
		if err := s.c.Receive(s.now, unspaced(d)); err == nil {
			s.t.Fatalf("Receive(%s) was not ignored", d)
		}
	}
	s.device()
}

// device is what was sent since the last look.
func (s *script) device(want ...string) {
	s.t.Helper()
	compare(s.t, "sent", s.sent, want)
	s.sent = nil
}

func (s *script) reports(want ...string) {
	s.t.Helper()
	compare(s.t, "events", s.events, want)
	s.events = nil
}

// after lets time pass in seconds, as an owner does: from deadline to deadline.
func (s *script) after(d time.Duration) {
	end := s.now.Add(d)
	for next := s.c.Next(); !next.IsZero() && !next.After(end); next = s.c.Next() {
		if next.After(s.now) {
			s.now = next
		}
		s.c.Advance(s.now)
	}
	s.now = end
	s.c.Advance(s.now)
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Fatalf("%s:\n\t%s\nwant:\n\t%s", what, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func spaced(b []byte) string { return strings.ToUpper(fmt.Sprintf("% x", b)) }

func unspaced(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

const (
	qos0 = mqttsn.QoS0
	qos1 = mqttsn.QoS1
	qos2 = mqttsn.QoS2
)
