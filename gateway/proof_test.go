package gateway

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
)

func threefold(c *Config, _ *LinkOptions) { c.MaxAmplification = 3 }

// sleeping makes a session that keeps messages, whose device is gone.
func sleeping(w *world, id string, messages, size int) {
	d := w.device("127.0.0.1:1") // has nothing to prove
	d.send(&mqttsn.Connect{ProtocolID: 1, Duration: 600, ClientID: []byte(id)})
	d.expect(&mqttsn.ConnAck{})
	d.subscribe("site/"+id+"/command", mqttsn.QoS1)
	d.send(&mqttsn.Disconnect{})
	d.expect(&mqttsn.Disconnect{})
	for range messages {
		w.publish("site/"+id+"/command", strings.Repeat("x", size), mqtt.QoS1, false)
	}
}

// heard counts the octets that come to a device until it is silent for an hour.
func heard(d *device) (octets int) {
	for b := d.hear(time.Hour); b != nil; b = d.hear(time.Hour) {
		octets += len(b)
	}
	return octets
}

// Somebody writes another's address on his datagrams. Whatever he sends, three
// times as much comes to that address at most.
func TestAmplification(t *testing.T) {
	for name, forged := range map[string][]mqttsn.Message{
		"CONNECT":             {&mqttsn.Connect{ProtocolID: 1, Duration: 600, ClientID: []byte("v")}},
		"CONNECT, will":       {&mqttsn.Connect{ProtocolID: 1, Will: true, Duration: 600, ClientID: []byte("v")}},
		"PINGREQ":             {&mqttsn.PingReq{ClientID: []byte("v")}},
		"guessed PUBACK":      {&mqttsn.Connect{ProtocolID: 1, Duration: 600, ClientID: []byte("v")}, &mqttsn.PubAck{TopicID: 1, MsgID: 1}, &mqttsn.PubAck{TopicID: 1, MsgID: 2}},
		"guessed REGACK":      {&mqttsn.Connect{ProtocolID: 1, Duration: 600, ClientID: []byte("v")}, &mqttsn.RegAck{TopicID: 1, MsgID: 0}, &mqttsn.RegAck{TopicID: probeID, MsgID: 0}},
		"SUBSCRIBE, retained": {&mqttsn.Connect{ProtocolID: 1, CleanSession: true, Duration: 600, ClientID: []byte("v")}, &mqttsn.Subscribe{MsgID: 1, TopicName: []byte("#")}},
		"stranger":            {&mqttsn.Register{MsgID: 1, TopicName: []byte("a")}, &mqttsn.PingReq{}, &mqttsn.SearchGw{}},
	} {
		for _, asleep := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " asleep ", asleep), func(t *testing.T) {
				play(t, threefold, func(w *world) {
					sleeping(w, "v", 50, 1000)
					if asleep {
						d := w.device("127.0.0.1:2")
						d.send(&mqttsn.Connect{ProtocolID: 1, Duration: 600, ClientID: []byte("v")})
						synctest.Wait()
						d.send(&mqttsn.Disconnect{Duration: 600})
						synctest.Wait()
					}
					w.publish("r", strings.Repeat("r", 1000), mqtt.QoS0, true)
					d := w.device("10.0.0.66:1")
					sent := 0
					for _, m := range forged {
						b, err := m.AppendBinary(nil)
						must(t, err)
						sent += len(b)
						d.sendRaw(b)
					}
					if got := heard(d); got > 3*sent {
						t.Errorf("%d octets came of %d", got, sent)
					}
				})
			})
		}
	}
}

// Whoever tries all numbers has none believed; a device that is there has, a minute
// later.
func TestGuessedProof(t *testing.T) {
	play(t, threefold, func(w *world) {
		sleeping(w, "v", 50, 1000)
		d := w.device("10.0.0.66:1")
		d.connect("v", false, 600)
		probe, ok := d.hearMessage().(*mqttsn.Register)
		if !ok {
			t.Fatal("no proof is asked for")
		}
		for i := range 40 {
			d.send(&mqttsn.RegAck{TopicID: probeID, MsgID: probe.MsgID + 1 + mqttsn.MsgID(i)})
		}
		d.send(&mqttsn.RegAck{TopicID: probeID, MsgID: probe.MsgID})
		d.expectSilence(moment)
		// Nor from another port of the same host; from another host it does.
		for at, believed := range map[string]bool{"10.0.0.66:2": false, "10.0.0.67:1": true} {
			d := w.device(at)
			d.connect(at, true, 600)
			d.subscribe("a", mqttsn.QoS1)
			w.publish("a", strings.Repeat("x", 500), mqtt.QoS1, false)
			probe := d.hearMessage().(*mqttsn.Register)
			d.send(&mqttsn.RegAck{TopicID: probeID, MsgID: probe.MsgID})
			if got := d.hear(moment); (got != nil) != believed {
				t.Errorf("%s: got %s", at, mqttsn.Describe(got))
			}
		}
		time.Sleep(time.Minute)
		d = w.device("10.0.0.66:3")
		d.connect("v", false, 600)
		probe = d.hearMessage().(*mqttsn.Register)
		d.send(&mqttsn.RegAck{TopicID: probeID, MsgID: probe.MsgID})
		if d.hear(moment) == nil {
			t.Error("a minute later it is not believed")
		}
		if s := w.gateway.Stats(); s.Guessed != 40 {
			t.Errorf("%d guesses", s.Guessed)
		}
	})
}

// A device that is there gets all of it, after one REGACK.
func TestProofOfAddress(t *testing.T) {
	play(t, threefold, func(w *world) {
		sleeping(w, "v", 3, 1000)
		d := w.device("10.0.0.2:1")
		d.send(&mqttsn.Connect{ProtocolID: 1, Duration: 600, ClientID: []byte("v")})
		d.expect(&mqttsn.ConnAck{})
		probe, ok := d.hearMessage().(*mqttsn.Register)
		if !ok || string(probe.TopicName) != probeName {
			t.Fatalf("got %v, want what asks for a proof", probe)
		}
		d.send(&mqttsn.RegAck{TopicID: probe.TopicID, MsgID: probe.MsgID, ReturnCode: mqttsn.ReturnNotSupported})
		got := 0
		for got < 3 {
			switch m := d.hearMessage().(type) {
			case *mqttsn.Register:
				d.send(&mqttsn.RegAck{TopicID: m.TopicID, MsgID: m.MsgID})
			case *mqttsn.Publish:
				got++
				d.send(&mqttsn.PubAck{TopicID: m.TopicID, MsgID: m.MsgID})
			default:
				t.Fatalf("got %v", m)
			}
		}
		if s := w.gateway.Stats(); s.Challenges != 1 {
			t.Errorf("asked %d times", s.Challenges)
		}
		// At another address it is asked again: what was on its way comes there.
		d.sleep(600)
		w.publish("site/v/command", strings.Repeat("y", 1000), mqtt.QoS1, false)
		d = w.device("10.0.0.3:1")
		d.send(&mqttsn.PingReq{ClientID: []byte("v")})
		probe, ok = d.hearMessage().(*mqttsn.Register)
		if !ok || string(probe.TopicName) != probeName {
			t.Fatalf("got %v, want what asks for a proof", probe)
		}
		d.send(&mqttsn.RegAck{TopicID: probe.TopicID, MsgID: probe.MsgID})
		m, ok := d.hearMessage().(*mqttsn.Publish)
		if !ok || m.Data[0] != 'y' {
			t.Fatalf("got %v", m)
		}
		d.send(&mqttsn.PubAck{TopicID: m.TopicID, MsgID: m.MsgID})
		d.expect(&mqttsn.PingResp{})
	})
}

// What fits is sent as ever: a device with a short topic and a short message is
// asked for nothing.
func TestSmallMessagesNeedNoProof(t *testing.T) {
	play(t, threefold, func(w *world) {
		d := w.device("10.0.0.2:1")
		d.connect("device-1", true, 600)
		id := d.subscribe("a/b", mqttsn.QoS1)
		w.publish("a/b", "on", mqtt.QoS1, false)
		d.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("on")})
		d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1})
		if s := w.gateway.Stats(); s.Challenges != 0 || s.Held != 0 {
			t.Errorf("%d challenges, %d held", s.Challenges, s.Held)
		}
	})
}

// A message at QoS 0 that has to wait for the proof is not lost.
func TestProofAtQoS0(t *testing.T) {
	play(t, threefold, func(w *world) {
		d := w.device("10.0.0.2:1")
		d.connect("c", true, 600)
		d.subscribe("a", mqttsn.QoS0)
		w.publish("a", strings.Repeat("x", 500), mqtt.QoS0, false)
		w.publish("a", strings.Repeat("y", 500), mqtt.QoS0, false)
		probe := d.hearMessage().(*mqttsn.Register)
		d.send(&mqttsn.RegAck{TopicID: probe.TopicID, MsgID: probe.MsgID})
		for _, want := range "xy" {
			if m, ok := d.hearMessage().(*mqttsn.Publish); !ok || rune(m.Data[0]) != want {
				t.Errorf("got %v, want %c", m, want)
			}
		}
	})
}

// When there is no room, whoever has proved nothing and was silent for longest
// goes; who has proved its address stays.
func TestMakeRoom(t *testing.T) {
	play(t, func(c *Config, o *LinkOptions) { threefold(c, o); c.MaxDevices = 4 }, func(w *world) {
		proved := w.device("127.0.0.1:5")
		proved.connect("proved", true, 600)
		for i := range 10 {
			time.Sleep(time.Second)
			d := w.device(fmt.Sprintf("10.0.0.%d:1", i+1))
			d.connect(fmt.Sprint("stranger-", i), true, 600)
		}
		for _, id := range []string{"proved", "stranger-7", "stranger-8", "stranger-9"} {
			if w.gateway.byID[id] == nil {
				t.Errorf("%s is gone", id)
			}
		}
		if s := w.gateway.Stats(); s.Displaced != 7 || s.present() != 4 {
			t.Errorf("%d displaced, %d present", s.Displaced, s.present())
		}
	})
	play(t, func(c *Config, o *LinkOptions) { threefold(c, o); c.MaxDevices = 1 }, func(w *world) {
		w.device("127.0.0.1:5").connect("proved", true, 600)
		d := w.device("10.0.0.1:1")
		d.send(connectOf("stranger", false))
		d.expect(&mqttsn.ConnAck{ReturnCode: mqttsn.ReturnCongestion})
	})
}

// When half of the room is taken devices are asked to prove their address, so that a
// flood ends strangers and not them. One that does not know how goes on.
func TestProofBeforeItIsTooLate(t *testing.T) {
	play(t, func(c *Config, o *LinkOptions) { threefold(c, o); c.MaxDevices = 8 }, func(w *world) {
		honest, mute := w.device("10.0.0.2:1"), w.device("10.0.0.3:1")
		honest.connect("honest", true, 600)
		mute.connect("mute", true, 600)
		mute.subscribe("a", mqttsn.QoS0)
		strangers := 0
		flood := func(n int) {
			for range n {
				strangers++
				time.Sleep(time.Second)
				w.device(fmt.Sprintf("10.1.0.%d:1", strangers)).connect(fmt.Sprint("stranger-", strangers), true, 6000)
			}
		}
		flood(4)
		for _, d := range []*device{honest, mute} {
			d.send(&mqttsn.PingReq{})
			d.expect(&mqttsn.PingResp{})
			probe, ok := d.hearMessage().(*mqttsn.Register)
			if !ok || string(probe.TopicName) != probeName {
				t.Fatalf("got %v, want what asks for a proof", probe)
			}
			if d == honest {
				d.send(&mqttsn.RegAck{TopicID: probe.TopicID, MsgID: probe.MsgID})
			}
		}
		w.publish("a", "waits", mqtt.QoS0, false)
		time.Sleep(w.gateway.cfg.TRetry)
		synctest.Wait()
		if m, ok := mute.hearMessage().(*mqttsn.Publish); !ok || string(m.Data) != "waits" {
			t.Errorf("got %v, want the message", m)
		}
		mute.expectSilence(time.Minute)
		flood(100)
		honest.send(&mqttsn.PingReq{})
		honest.expect(&mqttsn.PingResp{})
		honest.expectSilence(time.Minute) // it is not asked again
		if w.gateway.byID["mute"] != nil {
			t.Error("who has not proved its address stays")
		}
	})
}

func TestMessageRates(t *testing.T) {
	limit := func(_ *Config, o *LinkOptions) { o.MaxMessageRate, o.MaxMessageRatePerAddress = 5, 8 }
	play(t, limit, func(w *world) {
		one, two := w.device("10.0.0.2:1"), w.device("10.0.0.2:2")
		burst := func(d *device, n int) (taken int) {
			for i := range n {
				d.send(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicIDType: mqttsn.TopicShort, TopicID: 0x6161, MsgID: mqttsn.MsgID(i + 1)})
				switch a := d.hearMessage().(*mqttsn.PubAck); a.ReturnCode {
				case mqttsn.ReturnAccepted:
					taken++
				case mqttsn.ReturnCongestion:
				default:
					t.Errorf("got %v", a)
				}
			}
			return taken
		}
		one.connect("one", true, 600)
		two.connect("two", true, 600)
		if a, b := burst(one, 10), burst(two, 10); a != 5 || b != 3 {
			t.Errorf("%d and %d taken, want 5 of the device, and 8 of the address", a, b)
		}
		one.send(&mqttsn.Publish{TopicIDType: mqttsn.TopicShort, TopicID: 0x6161})
		one.expectSilence(moment)
		time.Sleep(time.Second)
		if a := burst(one, 10); a != 5 {
			t.Errorf("%d taken a second later", a)
		}
		if s := w.gateway.Stats(); s.TooFast != 5+7+1+5 {
			t.Errorf("%d counted", s.TooFast)
		}
		one.send(&mqttsn.Disconnect{})
		two.send(&mqttsn.Disconnect{})
		if n := len(w.gateway.deviceRates); n != 0 {
			t.Errorf("%d devices are still counted", n)
		}
	})
}

// A device that moves with a dialogue in between takes the account of its new
// address along: it gets its CONNACK.
func TestAccountAfterADialogue(t *testing.T) {
	play(t, func(c *Config, o *LinkOptions) { threefold(c, o); guarded(c, o) }, func(w *world) {
		for _, at := range []string{"10.0.0.2:1", "10.0.0.3:1"} {
			d := w.device(at)
			d.send(&mqttsn.Connect{ProtocolID: 1, Duration: 600, ClientID: []byte("c")})
			d.send(plain("u", "secret"))
			await()
			d.expect(&mqttsn.ConnAck{})
		}
	})
}
