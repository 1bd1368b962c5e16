package listener

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
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

func TestKeepAlive(t *testing.T) {
	for _, v := range versions {
		inBubble(t, nil, func(t *testing.T, w *world) {
			watch := w.connect(mqtt.V311, "watch")
			watch.Subscribe(filter("will", 0))
			c := w.connect(v, "c", func(p *mqtt.Connect) {
				p.KeepAlive = 10
				p.Will = &mqtt.Will{Topic: []byte("will"), Payload: []byte("gone")}
			})
			for range 20 { // as long as it says something
				time.Sleep(15*time.Second - 1)
				c.Silence()
			}
			start := time.Now()
			c.Ended(mqtt.ReasonKeepAliveTimeout)
			if silent := time.Since(start); silent != 15*time.Second {
				t.Errorf("%v: disconnected after %v, want one and a half keep-alives", v, silent)
			}
			watch.Expect(pub("will", "gone", 0, 0))
		})
	}
}

// The same once with a real socket and a real clock.
func TestKeepAliveOnSocket(t *testing.T) {
	t.Parallel()
	w := overTCP(t, nil)
	c := w.connect(mqtt.V5, "c", func(p *mqtt.Connect) { p.KeepAlive = 1 })
	c.Silence()
	c.Expect(&mqtt.Disconnect{ReasonCode: mqtt.ReasonKeepAliveTimeout})
	c.Closed()
}

func TestServerKeepAlive(t *testing.T) {
	inBubble(t, func(s *settings) { s.MaxKeepAlive = 30 * time.Second }, func(t *testing.T, w *world) {
		for _, c := range []struct {
			asked uint16
			told  bool
		}{{0, true}, {29, false}, {30, false}, {31, true}, {65535, true}} {
			p := w.connect(mqtt.V5, "c", func(p *mqtt.Connect) { p.KeepAlive = c.asked }).Connack.Properties
			if p.HasServerKeepAlive != c.told || c.told && p.ServerKeepAlive != 30 {
				t.Errorf("asked for %d, told %v %d", c.asked, p.HasServerKeepAlive, p.ServerKeepAlive)
			}
		}
		c := w.connect(mqtt.V311, "old") // cannot be told, is held to it
		start := time.Now()
		c.SetReadDeadline(time.Time{})
		if _, err := c.Read(make([]byte, 1)); err == nil || time.Since(start) != 45*time.Second {
			t.Errorf("%v after %v, want the end after 45 s", err, time.Since(start))
		}
	})
}

func TestTakeover(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, w *world) {
		for _, v := range versions {
			old := w.connect(v, "c")
			w.connect(mqtt.V5, "c", func(p *mqtt.Connect) {
				p.Will = &mqtt.Will{Topic: []byte("will")}
			}).Silence()
			old.Ended(mqtt.ReasonSessionTakenOver)
		}
		if n := w.broker.Stats().Sessions; n != 1 {
			t.Errorf("%d sessions, want one", n)
		}
	})
}

// A session is resumed with what was on its way: the same packet identifiers,
// DUP, and a PUBREL where PUBREC had come.
func TestResumed(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, w *world) {
		for _, v := range versions {
			p := w.connect(mqtt.V311, "pub")
			c := w.connect(v, "sub") // ends what the version before left
			c.Disconnect()
			c = w.connect(v, "sub", lasting)
			if c.Connack.SessionPresent {
				t.Errorf("%v: a new session is present", v)
			}
			c.Subscribe(filter("a/#", 2))
			p.Publish(pub("a/1", "one", 1, 1))
			p.Publish(pub("a/2", "two", 2, 2))
			p.Publish(pub("a/3", "three", 2, 3))
			c.Expect(pub("a/1", "one", 1, 1), pub("a/2", "two", 2, 2), pub("a/3", "three", 2, 3))
			c.Say(&mqtt.Pubrec{PacketID: 2})
			c.Expect(&mqtt.Pubrel{PacketID: 2})
			c.Close()
			until(t, "the connection's end", func() bool { return w.Stats().Connections == 1 })
			p.Publish(pub("a/4", "four", 1, 4))

			c = w.connect(v, "sub", lasting)
			if want := v != mqtt.V31; c.Connack.SessionPresent != want {
				t.Errorf("%v: session present %v, want %v", v, c.Connack.SessionPresent, want)
			}
			c.Expect(again("a/1", "one", 1, 1), &mqtt.Pubrel{PacketID: 2}, again("a/3", "three", 2, 3), pub("a/4", "four", 1, 4))
			c.Say(&mqtt.Puback{PacketID: 1}, &mqtt.Pubcomp{PacketID: 2}, &mqtt.Pubrec{PacketID: 3}, &mqtt.Puback{PacketID: 4})
			c.Expect(&mqtt.Pubrel{PacketID: 3})
			c.Say(&mqtt.Pubcomp{PacketID: 3})
			c.Silence()
			c.Close()
			until(t, "the connection's end", func() bool { return w.Stats().Connections == 1 })
			c = w.connect(v, "sub", lasting)
			c.Silence()
			c.Close()
			p.Close()
			until(t, "the connections' end", func() bool { return w.Stats().Connections == 0 })
		}
	})
}

func TestSessionExpiry5(t *testing.T) {
	inBubble(t, func(s *settings) { s.SessionExpiry = 100 * time.Second }, func(t *testing.T, w *world) {
		present := func(expiry uint32, change func(*mqtt.Disconnect), after time.Duration) bool {
			t.Helper()
			p := mqtt.ConnectProperties{SessionExpiry: expiry, HasSessionExpiry: true}
			c := w.connect(mqtt.V5, "c", func(c *mqtt.Connect) { c.Properties = p })
			if told := c.Connack.Properties.HasSessionExpiry; told != (expiry > 100) || told && c.Connack.Properties.SessionExpiry != 100 {
				t.Errorf("asked for %d s, told %v %d", expiry, told, c.Connack.Properties.SessionExpiry)
			}
			d := &mqtt.Disconnect{}
			if change != nil {
				change(d)
			}
			c.Say(d)
			c.Closed()
			time.Sleep(after)
			synctest.Wait()
			again := w.connect(mqtt.V5, "c", func(c *mqtt.Connect) { c.CleanStart = false })
			again.Disconnect()
			return again.Connack.SessionPresent
		}
		to := func(seconds uint32) func(*mqtt.Disconnect) {
			return func(d *mqtt.Disconnect) {
				d.Properties.SessionExpiry, d.Properties.HasSessionExpiry = seconds, true
			}
		}
		for _, c := range []struct {
			expiry uint32
			change func(*mqtt.Disconnect)
			after  time.Duration
			want   bool
		}{
			{0, nil, 0, false},
			{10, nil, 10*time.Second - 1, true},
			{10, nil, 10 * time.Second, false},
			{0xFFFFFFFF, nil, 100*time.Second - 1, true}, // bounded by the listener
			{0xFFFFFFFF, nil, 100 * time.Second, false},
			{10, to(50), 50*time.Second - 1, true},
			{10, to(50), 50 * time.Second, false},
			{10, to(0), 0, false},
			{10, to(0xFFFFFFFF), 100 * time.Second, false},
		} {
			if got := present(c.expiry, c.change, c.after); got != c.want {
				t.Errorf("expiry %d, changed %v, after %v: present %v", c.expiry, c.change != nil, c.after, got)
			}
		}
		// [MQTT-3.14.2-2]: none at CONNECT, none at DISCONNECT.
		c := w.connect(mqtt.V5, "c")
		d := &mqtt.Disconnect{}
		to(10)(d)
		c.Say(d)
		c.Expect(&mqtt.Disconnect{ReasonCode: mqtt.ReasonProtocolError})
		c.Closed()
	})
}

func TestWills(t *testing.T) {
	for _, v := range versions {
		onBoth(t, nil, func(t *testing.T, w *world) {
			watch := w.connect(v, "watch")
			watch.Subscribe(filter("will/#", 1))
			n := uint16(0)
			start := func() *mqtttest.Peer {
				return w.connect(v, "c", func(p *mqtt.Connect) {
					p.Will = &mqtt.Will{Topic: []byte("will/c"), Payload: []byte("gone"), QoS: 1}
				})
			}
			fired := func() {
				t.Helper()
				n++
				watch.Expect(pub("will/c", "gone", 1, n))
				watch.Say(&mqtt.Puback{PacketID: n})
			}
			ended := func() {
				t.Helper()
				until(t, "the connection's end", func() bool { return w.Stats().Connections == 1 })
			}
			c := start()
			c.Disconnect()
			ended()
			watch.Silence()

			start().Close() // dropped
			fired()
			ended()

			c = start()
			c.SendHex("f3 00") // malformed
			c.Ended(mqtt.ReasonMalformedPacket)
			fired()
			ended()

			old := start() // taken over
			taken := make(chan *mqtttest.Peer)
			go func() { taken <- start() }()
			old.Ended(mqtt.ReasonSessionTakenOver)
			c = <-taken
			fired()
			if v == mqtt.V5 {
				c.Say(&mqtt.Disconnect{ReasonCode: mqtt.ReasonDisconnectWithWill})
				fired()
			} else {
				c.Say(&mqtt.Disconnect{})
			}
			c.Closed()
			ended()
			watch.Silence()
		})
	}
}

// A client that leaves and is back at once does not take itself over.
func TestLeavingAndComingBackAtOnceIsNoLoss(t *testing.T) {
	w := overTCP(t, nil)
	watch := w.connect(mqtt.V311, "watch")
	watch.Subscribe(filter("will", 0))
	for range 200 {
		c := w.connect(mqtt.V311, "c", func(p *mqtt.Connect) { p.Will = &mqtt.Will{Topic: []byte("will")} })
		c.Disconnect()
	}
	watch.Silence()
}

func TestWillProperties5(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		watch := w.connect(mqtt.V5, "watch")
		watch.Subscribe(filter("will", 0))
		user := mqtt.AppendUserProperty(mqtt.AppendContentType(nil, "t"), "k", "v")
		c := w.connect(mqtt.V5, "c", func(p *mqtt.Connect) {
			lasting(p)
			p.Will = &mqtt.Will{Topic: []byte("will"), Payload: []byte("gone"), Retain: true}
			p.Will.Properties.WillDelay = 5
			p.Will.Properties.MessageExpiry, p.Will.Properties.HasMessageExpiry = 60, true
			p.Will.Properties.Forward = user
		})
		c.Close()
		start := time.Now()
		want := pub("will", "gone", 0, 0)
		want.Properties.MessageExpiry, want.Properties.HasMessageExpiry = 60, true
		want.Properties.Forward = user
		watch.Expect(want)
		if d := time.Since(start); d != 5*time.Second {
			t.Errorf("the will came after %v, want 5 s", d)
		}
		time.Sleep(10 * time.Second)
		want.Retain = true
		want.Properties.MessageExpiry = 50
		watch.Subscribe(filter("will", 0))
		watch.Expect(want)
		// An expiry of 0 leaves nothing to retain.
		c = w.connect(mqtt.V5, "d", func(p *mqtt.Connect) {
			p.Will = &mqtt.Will{Topic: []byte("will"), Payload: []byte("short"), Retain: true}
			p.Will.Properties.HasMessageExpiry = true
		})
		watch.Unsubscribe("will")
		c.Close()
		time.Sleep(time.Second)
		watch.Subscribe(filter("will", 0))
		watch.Silence()
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
