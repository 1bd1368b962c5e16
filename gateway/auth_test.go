package gateway

import (
	"testing"
	"testing/synctest"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
)

// tokenLife is how long a device may stay whose password is "token".
const tokenLife = 5 * time.Minute

// guarded has devices send a username and a password, which is right if it is
// "secret" or "token"; the answer takes a while.
func guarded(c *Config, o *LinkOptions) {
	o.Anonymous, o.PlainAuth = false, true
	c.Authenticate = func(r AuthRequest, answer func(AuthAnswer)) {
		time.AfterFunc(50*time.Millisecond, func() {
			switch a := (AuthAnswer{Identity: "user " + r.Username}); string(r.Password) {
			case "token":
				a.Expires = time.Now().Add(tokenLife)
				fallthrough
			case "secret":
				answer(a)
			default:
				answer(AuthAnswer{Code: mqttsn.ReturnNotSupported, Why: "wrong"})
			}
		})
	}
}

func plain(user, password string) *mqttsn.Auth {
	return &mqttsn.Auth{Method: []byte(mqttsn.AuthPlain), Data: mqttsn.AppendPlain(nil, user, password)}
}

func connectOf(id string, will bool) *mqttsn.Connect {
	return &mqttsn.Connect{ProtocolID: 1, Will: will, CleanSession: true, Duration: 600, ClientID: []byte(id)}
}

// await lets the password be checked.
func await() {
	time.Sleep(60 * time.Millisecond)
	synctest.Wait()
}

func TestAuth(t *testing.T) {
	play(t, guarded, func(w *world) {
		d := w.device("10.0.0.2:1")
		d.send(connectOf("c", false))
		d.expectSilence(time.Millisecond)
		d.send(plain("u", "secret"))
		d.send(plain("u", "secret")) // a copy
		d.expectSilence(time.Millisecond)
		await()
		d.expect(&mqttsn.ConnAck{})
		if who := w.gateway.byID["c"].conn.Identity(); who != "user u" {
			t.Errorf("it is %v", who)
		}
		d.send(plain("u", "secret")) // late
		d.expectSilence(time.Millisecond)
	})
}

func TestAuthWithWill(t *testing.T) {
	play(t, guarded, func(w *world) {
		d := w.device("10.0.0.2:1")
		d.send(connectOf("c", true))
		d.send(&mqttsn.WillTopic{WillTopic: []byte("w")}) // before its time
		d.send(&mqttsn.WillMsg{WillMsg: []byte("m")})
		d.send(&mqttsn.WillTopic{})
		d.expectSilence(time.Millisecond)
		d.send(plain("u", "secret"))
		d.send(&mqttsn.WillTopic{})
		await()
		d.expect(&mqttsn.WillTopicReq{})
		d.send(&mqttsn.WillTopic{WillTopic: []byte("w")})
		d.expect(&mqttsn.WillMsgReq{})
		d.send(&mqttsn.WillMsg{WillMsg: []byte("m")})
		d.expect(&mqttsn.ConnAck{})
	})
}

func TestAuthRefused(t *testing.T) {
	for name, m := range map[string]*mqttsn.Auth{
		"wrong password": plain("u", "guess"),
		"no user":        plain("", "secret"),
		"not PLAIN":      {Method: []byte("SCRAM"), Data: []byte("x")},
		"none":           nil,
	} {
		t.Run(name, func(t *testing.T) {
			play(t, guarded, func(w *world) {
				d := w.device("10.0.0.2:1")
				d.send(connectOf("c", false))
				if m != nil {
					d.send(m)
					await()
				} else {
					time.Sleep(w.gateway.cfg.TRetry)
					synctest.Wait()
				}
				d.expect(&mqttsn.ConnAck{ReturnCode: mqttsn.ReturnNotSupported})
				if s := w.gateway.Stats(); s.AuthRefused != 1 || s.present() != 0 {
					t.Errorf("%d refused, %d present", s.AuthRefused, s.present())
				}
			})
		})
	}
}

// Who has not proved to be the device does not disturb it.
func TestAuthOfAnotherLeavesTheSession(t *testing.T) {
	play(t, guarded, func(w *world) {
		d, thief := w.device("10.0.0.2:1"), w.device("10.0.0.3:1")
		d.send(connectOf("c", false))
		d.send(plain("u", "secret"))
		await()
		d.expect(&mqttsn.ConnAck{})
		id := d.subscribe("a", mqttsn.QoS1)
		thief.send(connectOf("c", false))
		w.publish("a", "x", mqtt.QoS1, false)
		d.expect(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: id, MsgID: 1, Data: []byte("x")})
		thief.send(plain("u", "guess"))
		await()
		thief.expect(&mqttsn.ConnAck{ReturnCode: mqttsn.ReturnNotSupported})
		thief.send(&mqttsn.PingReq{ClientID: []byte("c")})
		thief.expect(&mqttsn.Disconnect{})
		d.send(&mqttsn.PubAck{TopicID: id, MsgID: 1})
		d.send(&mqttsn.PingReq{})
		d.expect(&mqttsn.PingResp{})
	})
}

// CONNECT and AUTH come again because an answer was lost.
func TestAuthRepeated(t *testing.T) {
	play(t, guarded, func(w *world) {
		d := w.device("10.0.0.2:1")
		for range 2 {
			d.send(connectOf("c", false))
			time.Sleep(time.Second)
		}
		for range 2 {
			d.send(plain("u", "secret"))
			await()
		}
		d.expect(&mqttsn.ConnAck{})
		d.send(connectOf("c", false))
		d.expect(&mqttsn.ConnAck{})
		d.expectSilence(time.Millisecond)
	})
}

// A token's end is the session's: active or asleep, with its will and without a word to
// who sleeps. What was kept is there for a new one.
func TestTokenExpires(t *testing.T) {
	for _, asleep := range []bool{false, true} {
		play(t, guarded, func(w *world) {
			p := w.program("watch", "#")
			d := w.device("10.0.0.2:1")
			enter := func() {
				t.Helper()
				d.send(&mqttsn.Connect{ProtocolID: 1, Will: true, Duration: 3600, ClientID: []byte("c")})
				d.send(plain("u", "token"))
				await()
				d.expect(&mqttsn.WillTopicReq{})
				d.send(&mqttsn.WillTopic{WillTopic: []byte("w")})
				d.expect(&mqttsn.WillMsgReq{})
				d.send(&mqttsn.WillMsg{WillMsg: []byte("gone")})
				d.expect(&mqttsn.ConnAck{})
			}
			enter()
			id := d.subscribe("set", mqttsn.QoS1)
			time.Sleep(tokenLife / 2)
			d.send(&mqttsn.PingReq{})
			d.expect(&mqttsn.PingResp{})
			enter() // a new token moves the end
			if asleep {
				d.sleep(3600)
			}
			time.Sleep(tokenLife - time.Second)
			p.expect()
			d.expectSilence(moment)
			time.Sleep(time.Second)
			synctest.Wait()
			p.expect("w gone 0")
			if !asleep {
				d.expect(&mqttsn.Disconnect{})
			}
			if s := w.gateway.Stats(); s.Expired != 1 || s.present() != 0 {
				t.Errorf("%d expired, %d present", s.Expired, s.present())
			}
			w.publish("set", "on", mqtt.QoS1, false)
			p.expect("set on 1")
			d.send(&mqttsn.PingReq{ClientID: []byte("c")})
			d.expect(&mqttsn.Disconnect{}) // a stranger
			enter()
			if m, ok := d.hearMessage().(*mqttsn.Register); !ok || m.TopicID != id || string(m.TopicName) != "set" {
				t.Errorf("got %v, want the topic of what was kept", m)
			}
		})
	}
}

func TestPatterns(t *testing.T) {
	for _, tc := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"a", "a", true}, {"a", "ab", false}, {"*", "", true}, {"*", "abc", true},
		{"a*", "a", true}, {"a*", "ba", false}, {"*a", "ba", true}, {"*a", "ab", false}, {"a*c", "abc", true}, {"a*c", "ac", true},
		{"a*b*c", "aXbYc", true}, {"a*b*c", "aXcYb", false}, {"**", "x", true}, {"*ab", "aab", true}, {"a*a", "a", false},
		{"*abc*abd", "abcabcabd", true}, {"meter-*", "meter-", true},
	} {
		if got := matches(tc.pattern, tc.s); got != tc.want {
			t.Errorf("%q, %q: %t", tc.pattern, tc.s, got)
		}
	}
}
