package client

import (
	"testing"
	"time"

	"snbroker/mqttsn"
)

func TestConnectUnanswered(t *testing.T) {
	s := newScript(t, Config{KeepAlive: time.Minute, CleanSession: true})
	s.do(s.c.Connect(s.now))
	begun := s.now
	for i := range 4 {
		s.device("08 04 04 01 00 3C 63 31")
		if want := begun.Add(time.Duration(i+1) * 10 * time.Second); s.c.Next() != want {
			t.Fatalf("try %d: next is %v, want %v", i, s.c.Next(), want)
		}
		s.after(10 * time.Second)
	}
	s.device()
	s.reports("Disconnected{Reason:no answer Request:CONNECT Tries:4 Waited:40s}")
	if !s.c.Next().IsZero() || s.c.State() != StateDisconnected {
		t.Error(s.c.Next(), s.c.State())
	}
}

func TestConnectRefused(t *testing.T) {
	s := newScript(t, Config{})
	s.do(s.c.Connect(s.now))
	s.gateway("03 05 01")
	s.reports("Refused{ReturnCode:congestion}")
	if s.c.State() != StateDisconnected {
		t.Error(s.c.State())
	}
}

// DUP is for a repeated PUBLISH, whose MsgID stays.
func TestPublishRepeated(t *testing.T) {
	s := connected(t, Config{TRetry: time.Second, NRetry: 1})
	s.ask(s.c.Publish(s.now, Short("tt"), []byte("hi"), qos1, false))
	s.after(time.Second)
	s.device("09 0C 22 74 74 00 01 68 69", "09 0C A2 74 74 00 01 68 69")
	s.after(time.Second)
	s.reports("Disconnected{Reason:no answer Request:PUBLISH Tries:2 Waited:2s}")

	// It is not lost: the next connection goes on with it.
	s.do(s.c.Connect(s.now))
	s.gateway("03 05 00")
	s.device("08 04 00 01 00 00 63 31", "09 0C A2 74 74 00 01 68 69")
	s.gateway("07 0D 74 74 00 01 00")
	s.reports("Connected{Resumed:false}", "Published{Token:1 ReturnCode:accepted Uncertain:false}")
}

func TestNeverRepeated(t *testing.T) {
	s := newScript(t, Config{NRetry: -1})
	s.do(s.c.Connect(s.now))
	s.after(10 * time.Second)
	s.device("08 04 00 01 00 00 63 31")
	s.reports("Disconnected{Reason:no answer Request:CONNECT Tries:1 Waited:10s}")
}

func TestOneOutstanding(t *testing.T) {
	s := connected(t, Config{QueueSize: 2})
	s.ask(s.c.Publish(s.now, Short("aa"), nil, qos1, false))
	s.ask(s.c.Subscribe(s.now, Short("bb"), qos0))
	if _, err := s.c.Publish(s.now, Short("cc"), nil, qos0, false); err != ErrQueueFull {
		t.Error(err)
	}
	s.device("07 0C 22 61 61 00 01")
	s.gateway("07 0D 61 61 00 01 00")
	s.device("07 12 02 00 02 62 62")
	s.ask(s.c.Publish(s.now, Short("cc"), nil, qos0, false)) // not before what was asked for earlier
	s.device()
	s.gateway("08 13 00 00 00 00 02 00")
	s.device("07 0C 02 63 63 00 00")
	s.reports("Published{Token:1 ReturnCode:accepted Uncertain:false}",
		"Subscribed{Token:2 Granted:0 ReturnCode:accepted}",
		"Published{Token:3 ReturnCode:accepted Uncertain:false}")
}

func TestCancel(t *testing.T) {
	s := connected(t, Config{})
	first, _ := s.c.Publish(s.now, Short("aa"), nil, qos1, false)
	second, _ := s.c.Publish(s.now, Short("bb"), nil, qos1, false)
	if s.c.Cancel(first) || !s.c.Cancel(second) || s.c.Cancel(second) || s.c.Cancel(0) {
		t.Error("Cancel")
	}
	s.sent = nil
	s.gateway("07 0D 61 61 00 01 00")
	s.device()
}

// PUBACK 0x02: the gateway has forgotten the id.
func TestTopicForgotten(t *testing.T) {
	s := connected(t, Config{})
	s.ask(s.c.Publish(s.now, Named("a"), nil, qos1, false))
	s.gateway("07 0B 00 01 00 01 00", "07 0D 00 01 00 02 02")
	s.device("07 0A 00 00 00 01 61", "07 0C 20 00 01 00 02", "07 0A 00 00 00 03 61")
	s.gateway("07 0B 00 09 00 03 00")
	s.device("07 0C 20 00 09 00 04")
	s.gateway("07 0D 00 09 00 04 02") // and that is enough
	s.device()
	s.reports("Published{Token:1 ReturnCode:invalid_topic_id Uncertain:false}")
}

func TestTopicForgottenQoS0(t *testing.T) {
	s := connected(t, Config{})
	s.ask(s.c.Publish(s.now, Named("a"), nil, qos0, false))
	s.gateway("07 0B 00 01 00 01 00", "07 0D 00 01 00 00 02")
	s.ask(s.c.Publish(s.now, Named("a"), nil, qos0, false))
	s.device("07 0A 00 00 00 01 61", "07 0C 00 00 01 00 00", "07 0A 00 00 00 02 61")
}

func TestPredefinedUnknown(t *testing.T) {
	s := connected(t, Config{})
	s.ask(s.c.Publish(s.now, Predefined(7), nil, qos1, false))
	s.gateway("07 0D 00 07 00 01 02") // no REGISTER can help
	s.reports("Published{Token:1 ReturnCode:invalid_topic_id Uncertain:false}")
}

func TestCongestion(t *testing.T) {
	s := connected(t, Config{TWait: 5 * time.Minute})
	s.ask(s.c.Publish(s.now, Short("tt"), nil, qos1, false))
	s.device("07 0C 22 74 74 00 01")
	s.gateway("07 0D 74 74 00 01 01")
	s.reports("Congested{Token:1 Request:PUBLISH Until:" + s.now.Add(5*time.Minute).String() + "}")
	s.ask(s.c.Publish(s.now, Short("tt"), nil, qos0, false))
	s.after(5*time.Minute - 1)
	s.device()
	s.after(1)
	s.device("07 0C 22 74 74 00 02") // no duplicate: it was not taken
	s.gateway("07 0D 74 74 00 02 00")
	s.device("07 0C 02 74 74 00 00")
}

func TestCongestionElsewhere(t *testing.T) {
	s := connected(t, Config{TWait: time.Minute})
	s.ask(s.c.Subscribe(s.now, Named("a"), qos1))
	s.gateway("08 13 00 00 00 00 01 01")
	s.after(time.Minute)
	s.device("06 12 20 00 01 61", "06 12 20 00 02 61")
	s.gateway("08 13 00 00 01 00 02 00")

	s.ask(s.c.Publish(s.now, Named("b"), nil, qos0, false))
	s.gateway("07 0B 00 00 00 03 01")
	s.after(time.Minute)
	s.device("07 0A 00 00 00 03 62", "07 0A 00 00 00 04 62")
	s.gateway("07 0B 00 02 00 04 00")
	s.device("07 0C 00 00 02 00 00")

	s.gateway("07 0D 00 02 00 00 01") // that very one
	s.ask(s.c.Publish(s.now, Named("b"), nil, qos0, false))
	s.device()
	s.do(s.c.Sleep(s.now, time.Minute)) // does not wait for it
	s.device("04 18 00 3C")
}

func TestGatewayDisconnects(t *testing.T) {
	s := connected(t, Config{})
	s.ask(s.c.Publish(s.now, Predefined(1), nil, qos2, false))
	s.gateway("04 0F 00 01", "02 18")
	s.device("07 0C 41 00 01 00 01", "04 10 00 01")
	s.reports("Disconnected{Reason:ended by the gateway Request:ADVERTISE Tries:0 Waited:0s}")
	s.ignores("02 18", "04 0E 00 01", "02 16")

	// A persistent session goes on where it stood.
	s.do(s.c.Connect(s.now))
	s.drops("02 18") // late
	s.gateway("03 05 00")
	s.device("08 04 00 01 00 00 63 31", "04 10 00 01")
}

// A clean session ends QoS 2 exchanges, with or without a known outcome.
func TestCleanReconnect(t *testing.T) {
	for _, released := range []bool{false, true} {
		s := connected(t, Config{CleanSession: true})
		s.ask(s.c.Publish(s.now, Predefined(1), nil, qos2, false))
		s.ask(s.c.Publish(s.now, Named("a"), nil, qos1, false))
		if released {
			s.gateway("04 0F 00 01")
		}
		s.gateway("02 18")
		s.do(s.c.Connect(s.now))
		s.sent, s.events = nil, nil
		s.gateway("03 05 00")
		if released {
			s.reports("Connected{Resumed:false}", "Published{Token:1 ReturnCode:accepted Uncertain:false}")
		} else {
			s.reports("Connected{Resumed:false}", "Published{Token:1 ReturnCode:accepted Uncertain:true}")
		}
		s.device("07 0A 00 00 00 02 61")
	}
}

func TestDisconnect(t *testing.T) {
	s := connected(t, Config{TRetry: time.Second, NRetry: 1})
	s.ask(s.c.Publish(s.now, Short("tt"), nil, qos1, false))
	s.sent = nil
	s.c.Disconnect(s.now)
	s.c.Disconnect(s.now)
	s.device("02 18")
	s.after(2 * time.Second)
	s.device("02 18")
	s.reports("Disconnected{Reason:requested Request:ADVERTISE Tries:0 Waited:0s}")
	s.c.Disconnect(s.now)
	s.device()
	if s.c.Queued() != 1 {
		t.Error("queue was lost")
	}
}

// The owner acts from within Handle.
func TestReentrance(t *testing.T) {
	s := connected(t, Config{})
	s.handle = func(e Event) {
		switch e := e.(type) {
		case *Message:
			s.ask(s.c.Publish(s.now, Short("re"), e.Payload, qos0, false))
		case *Published:
			token := e.Token
			if token == 1 {
				s.c.Receive(s.now, unspaced("08 0C 02 74 74 00 00 78"))
				s.ask(s.c.Publish(s.now, Short("bb"), nil, qos1, false))
			}
			if e.Token != token {
				t.Error("event changed under its handler")
			}
		case *Disconnected:
			s.do(s.c.Connect(s.now))
		}
	}
	s.ask(s.c.Publish(s.now, Short("aa"), nil, qos1, false))
	s.gateway("07 0D 61 61 00 01 00")
	s.device("07 0C 22 61 61 00 01", "08 0C 02 72 65 00 00 78", "07 0C 22 62 62 00 02")
	s.gateway("02 18")
	s.device("08 04 00 01 00 00 63 31")
}

func TestTopicsBounded(t *testing.T) {
	s := connected(t, Config{MaxTopics: 2})
	s.gateway("07 0A 00 01 01 00 61", "07 0A 00 02 01 01 62", "07 0A 00 03 01 02 63")
	s.sent = nil
	s.gateway("08 0C 00 00 01 00 00 78", "08 0C 00 00 03 00 00 78")
	s.device("07 0D 00 01 00 00 02")
	s.reports(`Message{c qos=0 retain=false dup=false "x"}`)
}

// An id that is lost while its PUBLISH is outstanding is asked for again.
func TestTopicPushedOut(t *testing.T) {
	s := connected(t, Config{MaxTopics: 1})
	s.ask(s.c.Publish(s.now, Named("a"), nil, qos1, false))
	s.gateway("07 0B 00 01 00 01 00", "07 0A 00 02 01 01 62")
	s.sent = nil
	s.after(10 * time.Second)
	s.device("07 0A 00 00 00 03 61")
	s.gateway("07 0B 00 01 00 03 00")
	s.device("07 0C A0 00 01 00 02")
}

func TestRefusals(t *testing.T) {
	s := connected(t, Config{MaxMessage: 100})
	long := make([]byte, 100)
	for name, err := range map[string]error{
		"no topic":       second(s.c.Publish(s.now, Topic{}, nil, qos0, false)),
		"wildcard":       second(s.c.Publish(s.now, Named("a/+"), nil, qos0, false)),
		"three octets":   second(s.c.Publish(s.now, Short("abc"), nil, qos0, false)),
		"id 0":           second(s.c.Publish(s.now, Predefined(0), nil, qos0, false)),
		"QoS 4":          second(s.c.Publish(s.now, Short("aa"), nil, 4, false)),
		"long payload":   second(s.c.Publish(s.now, Short("aa"), long, qos0, false)),
		"long name":      second(s.c.Register(s.now, string(long))),
		"short wildcard": second(s.c.Subscribe(s.now, Short("a#"), qos0)),
		"subscribe QoS":  second(s.c.Subscribe(s.now, Short("aa"), mqttsn.QoSMinusOne)),
		"will":           second(s.c.UpdateWill(s.now, &Will{Topic: "#"})),
		"sleep":          s.c.Sleep(s.now, 0),
		"long sleep":     s.c.Sleep(s.now, 65536*time.Second),
		"wake":           s.c.Wake(s.now),
		"no id":          New(Config{}, s).Connect(s.now),
		"keep alive":     New(Config{ClientID: "a", KeepAlive: 65536 * time.Second}, s).Connect(s.now),
		"ping":           second(New(Config{ClientID: "a"}, s).Ping(s.now)),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	s.device()
}

func second(_ Token, err error) error { return err }
