package client

import (
	"errors"
	"strings"
	"testing"
	"time"

	"snbroker/mqttsn"
)

var willConfig = Config{
	CleanSession: true,
	KeepAlive:    60 * time.Second,
	Will:         &Will{Topic: "w/t", Message: []byte("bye"), QoS: qos1, Retain: true},
}

// The octets are those of the standard's procedures, worked out by hand.

func TestWillSetupUpdateDelete(t *testing.T) {
	s := newScript(t, willConfig)
	s.do(s.c.Connect(s.now))
	s.device("08 04 0C 01 00 3C 63 31")
	s.gateway("02 06")
	s.device("06 07 30 77 2F 74")
	s.gateway("02 08")
	s.device("05 09 62 79 65")
	s.gateway("03 05 00")
	s.reports("Connected{Resumed:false}")

	s.ask(s.c.UpdateWill(s.now, &Will{Topic: "w/u", Message: []byte("bye2")}))
	s.device("06 1A 00 77 2F 75")
	s.gateway("03 1B 00")
	s.device("06 1C 62 79 65 32")
	s.gateway("03 1D 00")
	s.device()
	s.reports("WillUpdated{Token:1 ReturnCode:accepted}")

	s.ask(s.c.UpdateWill(s.now, nil))
	s.device("02 1A")
	s.gateway("03 1B 00")
	s.reports("WillUpdated{Token:2 ReturnCode:accepted}")
	if s.c.cfg.Will != nil {
		t.Error("deleted will would be sent by the next CONNECT")
	}
}

// The password goes behind each CONNECT, also when that is repeated, and nobody asks
// for it.
func TestLogin(t *testing.T) {
	s := newScript(t, Config{CleanSession: true, KeepAlive: 60 * time.Second, Login: &Login{Username: "u", Password: "pw"}})
	s.do(s.c.Connect(s.now))
	s.device("08 04 04 01 00 3C 63 31", "0E 03 00 05 50 4C 41 49 4E 00 75 00 70 77")
	s.after(DefaultTRetry)
	s.device("08 04 04 01 00 3C 63 31", "0E 03 00 05 50 4C 41 49 4E 00 75 00 70 77")
	s.gateway("03 05 00")
	s.reports("Connected{Resumed:false}")
	s.device()
}

func TestLoginErrors(t *testing.T) {
	for name, l := range map[string]Login{
		"no username": {Password: "x"}, "zero in username": {Username: "a\x00"},
		"zero in password": {Username: "a", Password: "\x00"}, "too long": {Username: "a", Password: strings.Repeat("x", 65536)},
	} {
		c := New(Config{ClientID: "c1", Login: &l}, sink{})
		if err := c.Connect(time.Unix(1000, 0)); !errors.Is(err, ErrConfig) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWillDeletedAtSetup(t *testing.T) {
	s := newScript(t, Config{KeepAlive: 60 * time.Second, Will: &Will{}})
	s.do(s.c.Connect(s.now))
	s.device("08 04 08 01 00 3C 63 31")
	s.gateway("02 06")
	s.device("02 07")
	s.gateway("03 05 00")
	s.reports("Connected{Resumed:false}")
}

func TestWillPromptsRepeated(t *testing.T) {
	s := newScript(t, willConfig)
	s.do(s.c.Connect(s.now))
	s.gateway("02 06", "02 06", "02 08", "02 08", "03 05 00")
	s.device("08 04 0C 01 00 3C 63 31", "06 07 30 77 2F 74", "06 07 30 77 2F 74",
		"05 09 62 79 65", "05 09 62 79 65")
	s.reports("Connected{Resumed:false}")
	s.ignores("02 06", "02 08", "03 05 00")
}

// Two peers at odds about the order do not go on for ever.
func TestWillPromptsEndless(t *testing.T) {
	s := newScript(t, willConfig)
	s.do(s.c.Connect(s.now))
	s.gateway("02 06")
	for range 4 {
		s.gateway("02 06")
	}
	s.drops("02 06")
	if s.c.State() != StateDisconnected || len(s.sent) != 5 {
		t.Errorf("%v after %d datagrams", s.c.State(), len(s.sent))
	}
}

// drops is ignores where something was sent before.
func (s *script) drops(d string) {
	if err := s.c.Receive(s.now, unspaced(d)); err == nil {
		s.t.Error("not ignored")
	}
}

func TestRegisterThenQoS1(t *testing.T) {
	s := connected(t, Config{})
	s.ask(s.c.Publish(s.now, Named("a/b/c"), []byte("hi"), qos1, false))
	s.device("0B 0A 00 00 00 01 61 2F 62 2F 63")
	s.gateway("07 0B 00 01 00 01 00")
	s.device("09 0C 20 00 01 00 02 68 69")
	s.gateway("07 0D 00 01 00 02 00")
	s.device()
	s.reports("Published{Token:1 ReturnCode:accepted Uncertain:false}")

	// The name is known now, so that QoS 0 is done at once.
	token, err := s.c.Publish(s.now, Named("a/b/c"), []byte("hi"), qos0, false)
	if token != 0 || err != nil {
		t.Error(token, err)
	}
	s.device("09 0C 00 00 01 00 00 68 69")
	s.reports()
}

func TestRegister(t *testing.T) {
	s := connected(t, Config{})
	s.ask(s.c.Register(s.now, "a/b/c"))
	s.ask(s.c.Register(s.now, "x"))
	s.device("0B 0A 00 00 00 01 61 2F 62 2F 63")
	s.gateway("07 0B 00 01 00 01 00")
	s.device("07 0A 00 00 00 02 78")
	s.gateway("07 0B 00 00 00 02 03")
	s.reports("Registered{Token:1 TopicID:1 ReturnCode:accepted}",
		"Registered{Token:2 TopicID:0 ReturnCode:not_supported}")
}

func TestQoS2(t *testing.T) {
	s := connected(t, Config{FirstMsgID: 3})
	s.ask(s.c.Publish(s.now, Predefined(10), []byte("x"), qos2, true))
	s.device("08 0C 51 00 0A 00 03 78")
	s.gateway("04 0F 00 03")
	s.device("04 10 00 03")
	s.after(10 * time.Second) // PUBCOMP is lost
	s.device("04 10 00 03")
	s.gateway("04 0F 00 03") // PUBREC, for the second time
	s.device("04 10 00 03")
	s.gateway("04 0E 00 03")
	s.reports("Published{Token:1 ReturnCode:accepted Uncertain:false}")
	s.ignores("04 0E 00 03")

	// Of an exchange not known of: let the gateway finish.
	s.gateway("04 0F 00 09")
	s.device("04 10 00 09")
}

func TestQoS2Refused(t *testing.T) {
	s := connected(t, Config{})
	s.ask(s.c.Publish(s.now, Predefined(10), []byte("x"), qos2, false))
	s.drops("07 0D 00 0A 00 01 00") // not how QoS 2 is acknowledged
	s.gateway("07 0D 00 0A 00 01 03")
	s.reports("Published{Token:1 ReturnCode:not_supported Uncertain:false}")
}

func TestPublishForms(t *testing.T) {
	s := connected(t, Config{})
	s.ask(s.c.Publish(s.now, Short("tt"), []byte("hi"), qos0, false))
	s.ask(s.c.Publish(s.now, Predefined(10), []byte("x"), mqttsn.QoSMinusOne, false))
	s.ask(s.c.Publish(s.now, Predefined(1), nil, qos0, true))
	s.device("09 0C 02 74 74 00 00 68 69", "08 0C 61 00 0A 00 00 78", "07 0C 11 00 01 00 00")
	s.reports()
}

func TestMinusOneWithoutConnection(t *testing.T) {
	s := newScript(t, Config{})
	s.ask(s.c.Publish(s.now, Short("tt"), []byte("on"), mqttsn.QoSMinusOne, false))
	s.device("09 0C 62 74 74 00 00 6F 6E")
	if _, err := s.c.Publish(s.now, Named("a/b"), nil, mqttsn.QoSMinusOne, false); err != ErrTopic {
		t.Error(err)
	}
}

func TestSubscribeForms(t *testing.T) {
	s := connected(t, Config{FirstMsgID: 5})
	s.ask(s.c.Subscribe(s.now, Named("a/b"), qos1))
	s.ask(s.c.Subscribe(s.now, Named("a/#"), qos0))
	s.ask(s.c.Subscribe(s.now, Predefined(10), qos2))
	s.ask(s.c.Subscribe(s.now, Short("tt"), qos1))
	s.device("08 12 20 00 05 61 2F 62")
	s.gateway("08 13 20 00 01 00 05 00")
	s.device("08 12 00 00 06 61 2F 23")
	s.gateway("08 13 00 00 00 00 06 00")
	s.device("07 12 41 00 07 00 0A")
	s.gateway("08 13 40 00 0A 00 07 00")
	s.device("07 12 22 00 08 74 74")
	s.gateway("08 13 20 00 00 00 08 00")
	s.reports("Subscribed{Token:1 Granted:1 ReturnCode:accepted}",
		"Subscribed{Token:2 Granted:0 ReturnCode:accepted}",
		"Subscribed{Token:3 Granted:2 ReturnCode:accepted}",
		"Subscribed{Token:4 Granted:1 ReturnCode:accepted}")

	s.gateway("08 0C 00 00 01 00 00 78", "08 0C 01 00 0A 00 00 78", "08 0C 02 74 74 00 00 78")
	s.device()
	s.reports(`Message{a/b qos=0 retain=false dup=false "x"}`,
		`Message{predefined:10 qos=0 retain=false dup=false "x"}`,
		`Message{tt qos=0 retain=false dup=false "x"}`)

	s.ask(s.c.Unsubscribe(s.now, Named("a/b")))
	s.ask(s.c.Unsubscribe(s.now, Predefined(10)))
	s.ask(s.c.Unsubscribe(s.now, Short("tt")))
	s.device("08 14 00 00 09 61 2F 62")
	s.gateway("04 15 00 09")
	s.device("07 14 01 00 0A 00 0A")
	s.gateway("04 15 00 0A")
	s.device("07 14 02 00 0B 74 74")
	s.gateway("04 15 00 0B")
	s.reports("Unsubscribed{Token:5}", "Unsubscribed{Token:6}", "Unsubscribed{Token:7}")
}

func TestSubscribeRefused(t *testing.T) {
	s := connected(t, Config{FirstMsgID: 5})
	s.ask(s.c.Subscribe(s.now, Named("a#b"), qos1))
	s.gateway("08 13 00 00 00 00 05 03")
	s.reports("Subscribed{Token:1 Granted:0 ReturnCode:not_supported}")
}

func TestWildcard(t *testing.T) {
	s := connected(t, Config{FirstMsgID: 6})
	s.ask(s.c.Subscribe(s.now, Named("s/#"), qos0))
	s.device("08 12 00 00 06 73 2F 23")
	s.gateway("08 13 00 00 00 00 06 00", "09 0A 00 05 01 02 73 2F 31")
	s.device("07 0B 00 05 01 02 00")
	s.gateway("08 0C 00 00 05 00 00 78")
	s.reports("Subscribed{Token:1 Granted:0 ReturnCode:accepted}",
		`Message{s/1 qos=0 retain=false dup=false "x"}`)
}

func TestWildcardRefused(t *testing.T) {
	s := connected(t, Config{AcceptTopic: func(name string) mqttsn.ReturnCode {
		if name == "s/1" {
			return mqttsn.ReturnInvalidTopicID
		}
		return mqttsn.ReturnAccepted
	}})
	s.gateway("09 0A 00 05 01 02 73 2F 31")
	s.device("07 0B 00 05 01 02 02")
}

func TestRegisterOddNames(t *testing.T) {
	s := connected(t, Config{})
	s.gateway("06 0A 00 05 01 02", "07 0A 00 05 01 03 23", "07 0A 00 00 01 04 61")
	s.device("07 0B 00 05 01 02 03", "07 0B 00 05 01 03 03", "07 0B 00 00 01 04 02")
}

// SN §6.10: whatever the QoS, the gateway learns that an id is not known.
func TestUnknownTopicID(t *testing.T) {
	s := connected(t, Config{})
	s.gateway("08 0C 00 00 07 00 00 78", "08 0C 20 00 07 01 03 78", "08 0C 40 00 07 01 04 78",
		"08 0C 01 00 0A 00 00 78", "08 0C 23 00 07 01 05 78")
	s.device("07 0D 00 07 00 00 02", "07 0D 00 07 01 03 02", "07 0D 00 07 01 04 02",
		"07 0D 00 0A 00 00 02", "07 0D 00 07 01 05 03")
	s.ignores("08 0C 62 00 07 00 00 78") // QoS -1 from a gateway
	s.reports()
}

func TestQoS2Receiver(t *testing.T) {
	s := connected(t, Config{Predefined: map[mqttsn.TopicID]string{10: "ten"}})
	s.gateway("08 0C 41 00 0A 00 03 78", "08 0C C1 00 0A 00 03 78")
	s.device("04 0F 00 03", "04 0F 00 03")
	s.reports(`Message{ten qos=2 retain=false dup=false "x"}`)
	s.gateway("04 10 00 03", "04 10 00 03")
	s.device("04 0E 00 03", "04 0E 00 03")
	s.gateway("08 0C 41 00 0A 00 03 79") // the id is free again
	s.device("04 0F 00 03")
	s.reports(`Message{ten qos=2 retain=false dup=false "y"}`)
}

func TestQoS2ReceiverFull(t *testing.T) {
	s := connected(t, Config{})
	for i := range MaxInbound {
		s.gateway("08 0C 42 74 74 01 " + spaced([]byte{byte(i)}) + " 78")
	}
	s.sent = nil
	s.gateway("08 0C 42 74 74 02 00 78")
	s.device("07 0D 74 74 02 00 01")
	s.gateway("04 10 01 00", "08 0C C2 74 74 02 00 78")
	s.device("04 0E 01 00", "04 0F 02 00")
}

func TestPings(t *testing.T) {
	s := connected(t, Config{KeepAlive: 60 * time.Second})
	s.gateway("02 16")
	s.device("02 17")
	s.after(59 * time.Second)
	s.device()
	s.after(time.Second)
	s.device("02 16")
	s.gateway("02 17")
	s.reports()
	s.ask(s.c.Ping(s.now))
	s.device("02 16")
	s.gateway("02 17")
	s.reports("Pong{Token:1}")
	s.after(60 * time.Second)
	s.device("02 16")
}

func TestNoKeepAlive(t *testing.T) {
	s := connected(t, Config{})
	if next := s.c.Next(); !next.IsZero() {
		t.Error(next)
	}
	s.after(24 * time.Hour)
	s.device()
}

func TestSleepNothingBuffered(t *testing.T) {
	s := connected(t, Config{KeepAlive: time.Minute})
	s.do(s.c.Sleep(s.now, 300*time.Second))
	s.device("04 18 01 2C")
	s.gateway("02 18")
	s.reports("FellAsleep{Duration:5m0s}")
	s.after(290 * time.Second)
	s.device() // no keep alive in sleep
	s.do(s.c.Wake(s.now))
	s.device("04 16 63 31")
	s.gateway("02 17")
	s.reports("AwakeEnded{Complete:true}")
	if s.c.State() != StateAsleep {
		t.Error(s.c.State())
	}
	s.ignores("08 0C 02 74 74 00 00 78", "02 16", "02 18")
}

func TestSleepOneMessage(t *testing.T) {
	s := connected(t, Config{})
	s.do(s.c.Sleep(s.now, 300*time.Second))
	s.gateway("02 18")
	s.sent = nil
	s.do(s.c.Wake(s.now))
	s.device("04 16 63 31")
	s.gateway("09 0A 00 05 01 02 73 2F 31")
	s.device("07 0B 00 05 01 02 00")
	s.gateway("08 0C 20 00 05 01 03 78")
	s.device("07 0D 00 05 01 03 00")
	s.gateway("02 17")
	s.reports("FellAsleep{Duration:5m0s}", `Message{s/1 qos=1 retain=false dup=false "x"}`,
		"AwakeEnded{Complete:true}")
}

// SN §6.14: T_retry starts again at each message, and when there is no end the
// device goes back to sleep by itself.
func TestWakeRetries(t *testing.T) {
	s := connected(t, Config{})
	s.do(s.c.Sleep(s.now, time.Hour))
	s.gateway("02 18")
	s.do(s.c.Wake(s.now))
	s.sent, s.events = nil, nil
	s.after(9 * time.Second)
	s.gateway("08 0C 02 74 74 00 00 78")
	s.after(9 * time.Second)
	s.device()
	s.after(time.Second)
	s.device("04 16 63 31")
	s.events = nil
	s.after(20 * time.Second)
	s.device("04 16 63 31", "04 16 63 31")
	s.after(10 * time.Second)
	s.device()
	s.reports("AwakeEnded{Complete:false}")
	s.do(s.c.Wake(s.now))
	s.device("04 16 63 31")
}

func TestSleepersWays(t *testing.T) {
	cfg := Config{CleanSession: true, KeepAlive: time.Minute, Will: willConfig.Will}
	s := connected(t, cfg)
	s.do(s.c.Sleep(s.now, 300*time.Second))
	s.gateway("02 18")
	s.sent, s.events = nil, nil
	s.do(s.c.Sleep(s.now, 10*time.Second)) // another duration
	s.device("04 18 00 0A")
	s.gateway("02 18")
	s.reports("FellAsleep{Duration:10s}")

	// A request waits for CONNECT, which carries the session on.
	s.ask(s.c.Publish(s.now, Short("tt"), []byte("hi"), qos1, false))
	s.device()
	s.do(s.c.Connect(s.now))
	s.device("08 04 00 01 00 3C 63 31")
	s.gateway("03 05 00")
	s.device("09 0C 22 74 74 00 01 68 69")
	s.reports("Connected{Resumed:true}")
	s.gateway("07 0D 74 74 00 01 00")

	s.do(s.c.Sleep(s.now, 10*time.Second))
	s.gateway("02 18")
	s.sent, s.events = nil, nil
	s.c.Disconnect(s.now)
	s.device("02 18")
	s.gateway("02 18")
	s.reports("Disconnected{Reason:requested Request:ADVERTISE Tries:0 Waited:0s}")
}

func TestGatewayForgotSleeper(t *testing.T) {
	s := connected(t, Config{})
	s.do(s.c.Sleep(s.now, time.Minute))
	s.gateway("02 18")
	s.events = nil
	s.do(s.c.Wake(s.now))
	s.gateway("02 18")
	s.reports("Disconnected{Reason:ended by the gateway Request:ADVERTISE Tries:0 Waited:0s}")
}

func TestSleepWaitsForQueue(t *testing.T) {
	s := connected(t, Config{})
	s.ask(s.c.Publish(s.now, Short("tt"), nil, qos1, false))
	s.do(s.c.Sleep(s.now, time.Minute))
	s.device("07 0C 22 74 74 00 01")
	s.gateway("07 0D 74 74 00 01 00")
	s.device("04 18 00 3C")
}
