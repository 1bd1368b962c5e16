package listener

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest"
	"snbroker/internal/mqtt/mqtttest/octets"
)

// What the first packets of a connection are answered by, octet for octet.
// An answer of "" is silence; all but the good ones are closed after it.
func TestFirstPackets(t *testing.T) {
	for _, c := range []struct {
		name, sent, answer string
		stays              bool
	}{
		{"3.1", "10 [ 0006'MQIsdp' 03 02 003c 0001'c' ]", "20 [ 0000 ]", true},
		{"3.1.1", "10 [ 0004'MQTT' 04 02 003c 0001'c' ]", "20 [ 0000 ]", true},
		{"3.1.1, not clean", "10 [ 0004'MQTT' 04 00 003c 0001'c' ]", "20 [ 0000 ]", true},
		{"3.1.1, no id", "10 [ 0004'MQTT' 04 02 003c 0000 ]", "20 [ 0000 ]", true},
		{"3.1.1, no id, not clean", "10 [ 0004'MQTT' 04 00 003c 0000 ]", "20 [ 0002 ]", false},
		{"3.1, no id", "10 [ 0006'MQIsdp' 03 02 003c 0000 ]", "20 [ 0002 ]", false},
		{"3.1.1, user and password", "10 [ 0004'MQTT' 04 c2 003c 0001'c' 0001'u' 0001'p' ]", "20 [ 0000 ]", true},
		{"level 2", "10 [ 0004'MQTT' 02 02 003c 0001'c' ]", "20 [ 0001 ]", false},
		{"level 6", "10 [ 0004'MQTT' 06 02 003c 00 0001'c' ]", "20 [ 00 84 00 ]", false},
		{"another protocol", "10 [ 0004'AMQP' 04 02 003c 0001'c' ]", "20 [ 0001 ]", false},
		{"5.0, authentication method", "10 [ 0004'MQTT' 05 02 003c [ 150001'm' ] 0001'c' ]", "20 [ 00 8c 00 ]", false},
		{"5.0, malformed", "10 [ 0004'MQTT' 05 03 003c 00 0001'c' ]", "20 [ 00 81 00 ]", false},
		{"5.0, property twice", "10 [ 0004'MQTT' 05 02 003c [ 210001 210001 ] 0001'c' ]", "20 [ 00 82 00 ]", false},
		{"3.1.1, malformed", "10 [ 0004'MQTT' 04 03 003c 0001'c' ]", "", false},
		{"PUBLISH first", "30 [ 0001'a' 'x' ]", "", false},
		{"PINGREQ first", "c000", "", false},
		{"CONNACK", "20 [ 0000 ]", "", false},
		{"DISCONNECT first", "e000", "", false},
		{"type 0", "0000", "", false},
		{"HTTP", "'GET / HTTP/1.1' 0d0a 'Host: example.org' 0d0a 'User-Agent: a browser that came to the wrong port' 0d0a 0d0a", "", false},
		{"too large", "10 ffff7f", "", false},
		{"length of five octets", "10 ffffffff7f", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			onBoth(t, nil, func(t *testing.T, w *world) {
				p := w.dial(mqtt.V311)
				if bytes.Contains(octets.Read(t, c.sent), []byte("MQTT\x05")) || c.name == "level 6" {
					p.Version = mqtt.V5
				}
				p.SendHex(c.sent)
				if c.answer != "" {
					p.ExpectHex(c.answer)
				}
				if c.stays {
					p.Silence()
					return
				}
				p.Closed()
				until(t, "the connection is forgotten", func() bool { return w.Stats().Connections == 0 })
				if n := w.broker.Stats().Sessions; n != 0 {
					t.Errorf("%d sessions were made", n)
				}
			})
		})
	}
}

func TestConnack5(t *testing.T) {
	onBoth(t, func(s *settings) { s.MaxPacket, s.ReceiveMaximum, s.TopicAliasMaximum = 5000, 7, 3 }, func(t *testing.T, w *world) {
		c := w.connect(mqtt.V5, "")
		p := c.Connack.Properties
		if p.MaximumPacketSize != 5000 || p.ReceiveMaximum != 7 || p.TopicAliasMaximum != 3 {
			t.Errorf("CONNACK says %+v", p)
		}
		if p.HasServerKeepAlive || p.HasSessionExpiry {
			t.Errorf("CONNACK overrules what was not asked: %+v", p)
		}
		id := string(p.AssignedClientID)
		other := w.connect(mqtt.V5, "")
		if id == "" || id == string(other.Connack.Properties.AssignedClientID) {
			t.Errorf("assigned %q and %q", id, other.Connack.Properties.AssignedClientID)
		}
		// The id that was given is the session's.
		w.connect(mqtt.V5, id)
		c.Expect(&mqtt.Disconnect{ReasonCode: mqtt.ReasonSessionTakenOver})
		if named := w.connect(mqtt.V5, "named"); named.Connack.Properties.AssignedClientID != nil {
			t.Error("a client with an id was assigned one")
		}
	})
}

func TestAnonymousForbidden(t *testing.T) {
	onBoth(t, func(s *settings) { s.Anonymous = false }, func(t *testing.T, w *world) {
		for _, v := range versions {
			c := w.dial(v)
			c.Say(&mqtt.Connect{Version: v, CleanStart: true, ClientID: []byte("c")})
			c.Expect(&mqtt.Connack{ReasonCode: mqtt.ReasonNotAuthorized})
			c.Closed()
		}
		if n := w.broker.Stats().Sessions; n != 0 {
			t.Errorf("%d sessions were made", n)
		}
	})
}

func TestSecondConnect(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, w *world) {
		for i, v := range versions {
			c := w.connect(v, "c")
			c.Say(&mqtt.Connect{Version: v, CleanStart: true, ClientID: []byte("c")})
			c.Ended(mqtt.ReasonProtocolError)
			until(t, "it is counted", func() bool { return w.Stats().ProtocolError == uint64(i+1) })
		}
	})
}

func TestConnectTimeout(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		start := time.Now()
		c := w.dial(mqtt.V5)
		c.SendHex("10 20 0004'MQ'") // never goes on
		c.Closed()
		if took := time.Since(start); took != 10*time.Second {
			t.Errorf("closed after %v", took)
		}
	})
}

func TestMaxConnections(t *testing.T) {
	onBoth(t, func(s *settings) { s.MaxConnections = 2 }, func(t *testing.T, w *world) {
		first := w.connect(mqtt.V311, "a")
		w.connect(mqtt.V311, "b")
		w.dial(mqtt.V311).Closed()
		if s := w.Stats(); s.Connections != 2 || s.Accepted != 2 || s.Refused != 1 {
			t.Errorf("stats: %+v", s)
		}
		first.Disconnect()
		until(t, "room again", func() bool { return w.Stats().Connections == 1 })
		w.connect(mqtt.V311, "c")
	})
}

func TestMaxSessions(t *testing.T) {
	onBoth(t, func(s *settings) { s.MaxSessions = 1 }, func(t *testing.T, w *world) {
		w.connect(mqtt.V5, "a")
		c := w.dial(mqtt.V5)
		c.Say(&mqtt.Connect{Version: mqtt.V5, ClientID: []byte("b")})
		c.Expect(&mqtt.Connack{ReasonCode: mqtt.ReasonQuotaExceeded})
		c.Closed()
	})
}

func TestCloseTellsClients(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, w *world) {
		old := w.connect(mqtt.V311, "old")
		five := w.connect(mqtt.V5, "five")
		mute := w.dial(mqtt.V5) // has not said CONNECT
		until(t, "three connections", func() bool { return w.Stats().Connections == 3 })
		heard := make(chan struct{})
		go func() { // pipes need a reader
			defer close(heard)
			five.Expect(&mqtt.Disconnect{ReasonCode: mqtt.ReasonServerShuttingDown})
			five.Closed()
			old.Closed()
			mute.Closed()
		}()
		w.shut()
		<-heard
		if nc, err := w.open(); err == nil {
			nc.SetReadDeadline(time.Now().Add(mqtttest.Patience))
			if _, err := nc.Read(make([]byte, 1)); err == nil {
				t.Error("a closed listener lets clients in")
			}
			nc.Close()
		}
	})
}

func TestTooLargeForMaximum(t *testing.T) {
	onBoth(t, func(s *settings) { s.MaxPacket = 1000 }, func(t *testing.T, w *world) {
		for _, v := range versions {
			c := w.connect(v, "c")
			c.Publish(pub("a", strings.Repeat("x", 900), 1, 1))
			c.Send([]byte{0x30, 0xff, 0x7f}) // more is promised than allowed
			c.Ended(mqtt.ReasonPacketTooLarge)
		}
		until(t, "all are counted", func() bool { return w.Stats().ProtocolError == 3 })
	})
}
