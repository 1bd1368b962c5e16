package conformance

import (
	"fmt"
	"testing/synctest"
	"time"

	"snbroker/internal/mqtt"
)

// What a session keeps, and for how long.

var session311 = []proof{
	{"MQTT-3.1.2-4", both(overTCP(resumes), overTCP(beginsSession))},
	{"MQTT-3.1.2-5", overTCP(keptForTheAbsent)},
	{"MQTT-3.1.2-6", both(overTCP(discards), overTCP(cleanSessionEnds))},
	{"MQTT-3.1.2-7", overTCP(retainedOutlivesSession)},
	{"MQTT-4.1.0-1", overTCP(resumes)},
	{"MQTT-4.1.0-2", inBubble(sessionLastsAsLongAsItsConnection)},
	{"MQTT-4.4.0-1", both(overTCP(resentWithDup), inBubble(neverResentOtherwise))},
	{"MQTT-4.5.0-1", overTCP(keptForTheAbsent)},
	{"MQTT-7.0.0-2", overTCP(cleanSessionEnds)},
	{"MQTT-7.1.1-1", overTCP(manyBytesInOrder)},
}

var session5 = []proof{
	{"MQTT-3.1.2-23", inBubble(storedAsLongAsAsked)},
	{"MQTT-4.1.0-1", inBubble(sessionLastsAsLongAsItsConnection)},
	{"MQTT-4.1.0-2", inBubble(storedAsLongAsAsked)},
	{"MQTT-4.2-1", overTCP(manyBytesInOrder)},
	{"MQTT-4.4.0-1", both(overTCP(resentWithDup), inBubble(neverResentOtherwise))},
	{"MQTT-4.4.0-2", overTCP(refusedIsNotResent)},
	{"MQTT-4.5.0-1", overTCP(keptForTheAbsent)},
}

func keptForTheAbsent(w *world) {
	s := w.connect("s", anew)
	s.Subscribe(filter("one/#", 1), filter("two/+", 2))
	s.leave()
	p := w.connect("p")
	p.Publish(pub("one/a", "1", 1, 1))
	p.Publish(pub("two/a", "2", 2, 2))
	p.Publish(pub("three", "not for it", 2, 3))
	p.Publish(pub("one/b", "3", 2, 4))
	s = w.connect("s", lasting)
	s.Expect(pub("one/a", "1", 1, 1), pub("two/a", "2", 2, 2), pub("one/b", "3", 1, 3))
	s.Silence()
	other := w.connect("other") // somebody who is there
	other.Subscribe(filter("one/a", 1))
	p.Publish(pub("one/a", "4", 1, 5))
	other.Expect(pub("one/a", "4", 1, 1))
	s.Expect(pub("one/a", "4", 1, 4))
}

// cleanSessionEnds shows that a clean session is nothing's beginning: whoever
// comes after it finds none.
func cleanSessionEnds(w *world) {
	for _, end := range []func(*client){(*client).leave, (*client).drop} {
		c := w.connect("c")
		c.Subscribe(filter("a", 1))
		end(c)
		if n := w.broker.Stats(); n.Sessions != 0 || n.Subscriptions != 0 {
			w.t.Fatalf("%d sessions, %d subscriptions are left", n.Sessions, n.Subscriptions)
		}
		c = w.connect("c", func(p *mqtt.Connect) { p.CleanStart = false })
		if c.Connack.SessionPresent {
			w.t.Error("a session is present")
		}
		c.Publish(pub("a", "x", 1, 1))
		c.Silence()
		c.leave()
		w.connect("c").leave()
	}
}

func retainedOutlivesSession(w *world) {
	c := w.connect("c")
	c.Publish(kept("a", "x", 1, 1))
	c.leave()
	w.connect("c").leave()
	s := w.connect("s")
	s.Subscribe(filter("a", 0))
	s.Expect(kept("a", "x", 0, 0))
}

func sessionLastsAsLongAsItsConnection(w *world) {
	for _, begin := range []option{anew, func(*mqtt.Connect) {}} {
		c := w.connect("c", begin, func(p *mqtt.Connect) {
			p.Properties.SessionExpiry = min(p.Properties.SessionExpiry, 1)
		})
		c.Subscribe(filter("a", 1))
		p := w.connect("p")
		p.Publish(pub("a", "unacknowledged", 1, 1))
		c.Expect(pub("a", "unacknowledged", 1, 1))
		time.Sleep(30 * 24 * time.Hour)
		synctest.Wait()
		p.Publish(pub("a", "still", 1, 2))
		c.Expect(pub("a", "still", 1, 2))
		c.leave()
		p.leave()
	}
}

// storedAsLongAsAsked comes back just in time, and just too late.
func storedAsLongAsAsked(w *world) {
	for _, seconds := range []uint32{0, 1, 60, 0xFFFFFFFF} {
		expiring := func(p *mqtt.Connect) {
			p.Properties.SessionExpiry, p.Properties.HasSessionExpiry = seconds, true
		}
		resumed := func(p *mqtt.Connect) {
			expiring(p)
			p.CleanStart = false
		}
		end := time.Duration(seconds) * time.Second
		c := w.connect("c", expiring)
		c.Subscribe(filter("a", 1))
		if seconds == 0xFFFFFFFF {
			c.drop()
			time.Sleep(100 * 365 * 24 * time.Hour)
			if !w.connect("c", resumed).Connack.SessionPresent {
				w.t.Error("a session that never ends has")
			}
			return
		}
		if seconds > 0 {
			c.drop()
			time.Sleep(end - 1)
			c = w.connect("c", resumed)
			if !c.Connack.SessionPresent {
				w.t.Errorf("after less than %d s no session", seconds)
			}
		}
		c.drop()
		time.Sleep(end)
		synctest.Wait()
		if n := w.broker.Stats(); n.Sessions != 0 || n.Subscriptions != 0 {
			w.t.Errorf("after %d s there are %d sessions, %d subscriptions", seconds, n.Sessions, n.Subscriptions)
		}
		c = w.connect("c", resumed)
		if c.Connack.SessionPresent {
			w.t.Errorf("after %d s a session", seconds)
		}
		c.leave()
		time.Sleep(end)
	}
}

func resentWithDup(w *world) {
	s := w.connect("s", anew)
	s.Subscribe(filter("a", 2))
	p := w.connect("p")
	for i, qos := range []mqtt.QoS{1, 2, 2, 1, 2, 0} {
		p.Publish(pub("a", fmt.Sprint(i+1), qos, uint16(i+1)))
	}
	for range 6 {
		s.Message()
	}
	s.Say(&mqtt.Puback{PacketID: 4}, &mqtt.Pubrec{PacketID: 2}, &mqtt.Pubrec{PacketID: 5})
	s.Expect(&mqtt.Pubrel{PacketID: 2}, &mqtt.Pubrel{PacketID: 5})
	for range 3 { // as often as the client comes back
		s.drop()
		s = w.connect("s", lasting)
		s.Expect(again("a", "1", 1, 1), &mqtt.Pubrel{PacketID: 2}, again("a", "3", 2, 3), &mqtt.Pubrel{PacketID: 5})
		s.Silence()
	}
	s.Say(&mqtt.Puback{PacketID: 1}, &mqtt.Pubcomp{PacketID: 2}, &mqtt.Pubrec{PacketID: 3}, &mqtt.Pubcomp{PacketID: 5})
	s.Expect(&mqtt.Pubrel{PacketID: 3})
	s.Say(&mqtt.Pubcomp{PacketID: 3})
	s.drop()
	w.connect("s", lasting).Silence()
}

// unanswered has sent a message with QoS 1 and one with QoS 2 to s, of which it has
// acknowledged none. p is who published them.
func (w *world) unanswered() (s, p *client) {
	w.t.Helper()
	s, p = w.connect("s", anew), w.connect("p")
	s.Subscribe(filter("a", 2))
	p.Publish(pub("a", "1", 1, 1))
	p.Publish(pub("a", "2", 2, 2))
	s.Expect(pub("a", "1", 1, 1), pub("a", "2", 2, 2))
	return s, p
}

func neverResentOtherwise(w *world) {
	s, _ := w.unanswered()
	time.Sleep(24 * time.Hour)
	s.Silence()
	s.Say(&mqtt.Pubrec{PacketID: 2})
	s.Expect(&mqtt.Pubrel{PacketID: 2})
	time.Sleep(24 * time.Hour)
	s.Silence()
}

func refusedIsNotResent(w *world) {
	s, p := w.unanswered()
	s.Say(&mqtt.Puback{PacketID: 1, ReasonCode: mqtt.ReasonUnspecifiedError}, &mqtt.Pubrec{PacketID: 2, ReasonCode: mqtt.ReasonQuotaExceeded})
	s.Silence() // no PUBREL either
	s.drop()
	s = w.connect("s", lasting)
	s.Silence()
	p.Publish(pub("a", "3", 1, 3))
	if m := s.Message(); string(m.Payload) != "3" || m.Dup {
		w.t.Errorf("heard %+v", m)
	}
}

// manyBytesInOrder passes a message that no buffer holds, in pieces.
func manyBytesInOrder(w *world) {
	s := w.connect("s")
	s.Subscribe(filter("a", 0))
	p := w.connect("p")
	payload := make([]byte, 900_000)
	for i := range payload {
		payload[i] = byte(i * 7 >> 3)
	}
	b, err := pub("a", string(payload), 0, 0).AppendTo(nil, w.v)
	must(w.t, err)
	for cut := 1; len(b) > 0; cut = cut*3 + 1 {
		n := min(cut, len(b))
		p.Send(b[:n])
		b = b[n:]
	}
	s.Expect(pub("a", string(payload), 0, 0))
}
