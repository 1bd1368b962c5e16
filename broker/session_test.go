package broker

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"snbroker/internal/mqtt"
)

func TestConnectAndResume(t *testing.T) {
	b := New(DefaultLimits())
	p := attach(t, b, ConnectOptions{ClientID: "c", Expiry: day})
	if p.present {
		t.Error("a first session is present")
	}
	p.subscribe("a/#", SubscribeOptions{QoS: 2})
	p.close(false)
	publish(b, text("a/1", "one", 1))
	p = connect(t, b, ConnectOptions{ClientID: "c", Expiry: day})
	if !p.present {
		t.Error("the session is not present")
	}
	p.hears("a/1=one q1 #1")
	p.close(false)
	p = attach(t, b, ConnectOptions{ClientID: "c", CleanStart: true, Expiry: day})
	if p.present {
		t.Error("a session is present after a clean start")
	}
	if publish(b, text("a/1", "two", 1)) != mqtt.ReasonNoMatchingSubscribers {
		t.Error("the subscription outlived a clean start")
	}
	wantStats(t, b, Stats{Published: 2, Delivered: 1, Dropped: nothingDropped(), Sessions: 1})
}

func TestSessionWithoutExpiryEnds(t *testing.T) {
	b := New(DefaultLimits())
	p := attach(t, b, ConnectOptions{ClientID: "c"})
	p.subscribe("a", SubscribeOptions{})
	p.close(true)
	if s := b.Stats(); s.Sessions != 0 || s.Subscriptions != 0 {
		t.Errorf("%d sessions, %d subscriptions are left", s.Sessions, s.Subscriptions)
	}
	if attach(t, b, ConnectOptions{ClientID: "c"}).present {
		t.Error("the session is present")
	}
	wantEmptyIndex(t, b.index)
}

func TestTakeover(t *testing.T) {
	for _, c := range []struct {
		name    string
		first   time.Duration // expiry
		clean   bool
		present bool
	}{
		{"resumed", day, false, true},
		{"never ends", Never, false, true},
		{"clean start", day, true, false},
		{"ends with the first connection", 0, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := New(DefaultLimits())
			w := attach(t, b, ConnectOptions{ClientID: "watch"})
			w.subscribe("will", SubscribeOptions{QoS: 1})
			old := attach(t, b, ConnectOptions{ClientID: "c", Expiry: c.first, Will: &Will{Topic: "will", Payload: []byte("gone"), QoS: 1}})
			old.subscribe("a", SubscribeOptions{QoS: 1})
			publish(b, text("a", "m", 1))
			old.hears("a=m q1 #1")
			p := connect(t, b, ConnectOptions{ClientID: "c", CleanStart: c.clean, Expiry: day})
			if p.present != c.present {
				t.Errorf("session present: %v, want %v", p.present, c.present)
			}
			if got := old.heardClosed(); got != "[Session taken over]" {
				t.Errorf("the old connection heard %s", got)
			}
			w.hears("will=gone q1 #1") // MQTT 5 §3.1.4: closed without DISCONNECT
			if c.present {
				p.hears("a=m q1 #1 dup")
			} else {
				p.hears()
			}

			// The old connection can do no more harm.
			if old.Attached() || old.PubAck(1) || old.PubRec(1, false) || old.PubComp(1) || old.PubRel(1) || old.Kept() != nil {
				t.Error("the old connection still acts")
			}
			if old.Subscribe("x", SubscribeOptions{}) != mqtt.ReasonUnspecifiedError || old.Unsubscribe("a") != mqtt.ReasonUnspecifiedError {
				t.Error("the old connection still subscribes")
			}
			for qos := range mqtt.QoS(3) {
				if r := old.publish(Publication{Topic: "a", QoS: qos, PacketID: 9}); r != mqtt.ReasonSessionTakenOver {
					t.Errorf("PUBLISH at %v of the old connection: %v", qos, r)
				}
			}
			old.SetWill(&Will{Topic: "will"})
			old.SetExpiry(0)
			old.Resume()
			old.Rest()
			old.Discard(&Delivery{PacketID: 1}, DropRefused, new(Turn))
			old.hears()
			old.close(true)
			if !p.Attached() || p.Kept() != nil {
				t.Error("the old connection reached into the new one")
			}
			w.hears()
		})
	}
}

// The will of a client that is taken over comes from its ClientID, so a
// no-local subscription of the same session does not get it.
func TestTakeoverWillAndNoLocal(t *testing.T) {
	b := New(DefaultLimits())
	p := attach(t, b, ConnectOptions{ClientID: "c", Expiry: day, Will: &Will{Topic: "will", Payload: []byte("x")}})
	p.subscribe("will", SubscribeOptions{NoLocal: true})
	p = connect(t, b, ConnectOptions{ClientID: "c", Expiry: day})
	p.hears()
}

func TestSessionExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(DefaultLimits())
		start := func() *peer {
			p := attach(t, b, ConnectOptions{ClientID: "c", Expiry: time.Minute})
			p.subscribe("a", SubscribeOptions{QoS: 1})
			return p
		}
		start().close(false)
		time.Sleep(time.Minute - 1)
		p := connect(t, b, ConnectOptions{ClientID: "c", Expiry: time.Minute})
		if !p.present {
			t.Error("the session ended early")
		}
		time.Sleep(time.Hour) // attached, it does not end
		p.close(true)
		time.Sleep(time.Minute)
		synctest.Wait()
		if s := b.Stats(); s.Sessions != 0 || s.Subscriptions != 0 {
			t.Errorf("%d sessions, %d subscriptions are left", s.Sessions, s.Subscriptions)
		}

		// Another expiry at the end of the connection.
		p = start()
		p.SetExpiry(time.Hour)
		p.close(false)
		time.Sleep(time.Hour - 1)
		synctest.Wait()
		if b.Stats().Sessions != 1 {
			t.Error("the session did not take the longer expiry")
		}
		time.Sleep(1)
		synctest.Wait()
		if b.Stats().Sessions != 0 {
			t.Error("the session did not end")
		}
		p = start()
		p.SetExpiry(Never)
		p.close(false)
		time.Sleep(1000 * day)
		synctest.Wait()
		if b.Stats().Sessions != 1 {
			t.Error("a session that never ends has ended")
		}
	})
}

// Many sessions end in the order of their deadlines with one timer, also when
// some of the deadlines are cancelled in between.
func TestManyDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(DefaultLimits())
		ids := "abcdefghijklmnopqrstuvwxyz"
		for i, id := range ids {
			p := attach(t, b, ConnectOptions{ClientID: string(id), Expiry: time.Duration(1+(i*7)%26) * time.Second})
			p.close(false)
		}
		resumed := attach(t, b, ConnectOptions{ClientID: "a", Expiry: time.Second}) // the first to end
		for second := range 26 {
			time.Sleep(time.Second)
			synctest.Wait()
			if got, want := b.Stats().Sessions, 26-second; got != want {
				t.Fatalf("after %d s there are %d sessions, want %d", second+1, got, want)
			}
		}
		resumed.close(false)
		time.Sleep(time.Second)
		synctest.Wait()
		if b.Stats().Sessions != 0 || len(b.deadlines) != 0 {
			t.Fatalf("%d sessions, %d deadlines are left", b.Stats().Sessions, len(b.deadlines))
		}
	})
}

// A session whose will has been published makes way for those that end before
// it does.
func TestDeadlinesAfterWill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(DefaultLimits())
		for _, o := range []ConnectOptions{
			{ClientID: "late", Expiry: time.Hour, Will: &Will{Topic: "will", Delay: time.Second}},
			{ClientID: "early", Expiry: time.Minute},
			{ClientID: "earlier", Expiry: 2 * time.Second},
		} {
			attach(t, b, o).close(true)
		}
		for _, c := range []struct {
			wait time.Duration
			left int
		}{{time.Second, 3}, {time.Second, 2}, {58 * time.Second, 1}, {time.Hour - time.Minute, 0}} {
			time.Sleep(c.wait)
			synctest.Wait()
			if n := b.Stats().Sessions; n != c.left {
				t.Fatalf("%d sessions, want %d", n, c.left)
			}
		}
	})
}

// A publisher that matched just before a session ended queues nothing for it.
func TestEndedSessionTakesNothing(t *testing.T) {
	b := New(DefaultLimits())
	p := attach(t, b, ConnectOptions{ClientID: "c"})
	p.subscribe("a", SubscribeOptions{QoS: 1})
	m := b.cache.match(b.index, "a")
	p.close(false)
	var turn Turn
	s := m.targets[0].session
	s.enqueue(entry{msg: &Message{Topic: "a"}, qos: mqtt.QoS1}, b, &turn)
	if s.queue.len() != 0 || !turn.Empty() {
		t.Errorf("%d messages are queued", s.queue.len())
	}
}

func TestMessageExpiry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(DefaultLimits())
		p := attach(t, b, ConnectOptions{ClientID: "c", Expiry: day})
		p.subscribe("a", SubscribeOptions{QoS: 1})
		for _, c := range []struct {
			payload string
			expiry  time.Duration
		}{{"short", time.Second}, {"long", time.Minute}, {"for ever", 0}} {
			m := text("a", c.payload, 1)
			m.Expiry = c.expiry
			publish(b, m)
		}
		time.Sleep(time.Second)
		p.hears("a=long q1 #1", "a=for ever q1 #2")
		// On its way it is not called back.
		time.Sleep(time.Hour)
		p.Resume()
		p.hears("a=long q1 #1 dup", "a=for ever q1 #2 dup")
		if n := dropped(b, DropExpired); n != 1 {
			t.Errorf("%d messages were counted as expired, want 1", n)
		}
	})
}

func TestQueueLimits(t *testing.T) {
	for _, c := range []struct {
		name    string
		limits  func(*Limits)
		send    []Publication
		want    []string
		dropped uint64
	}{
		{"oldest goes", func(l *Limits) { l.MaxQueued = 2 },
			[]Publication{text("a", "1", 1), text("a", "2", 1), text("a", "3", 1)},
			[]string{"a=2 q1 #1", "a=3 q1 #2"}, 1},
		{"newest goes", func(l *Limits) { l.MaxQueued, l.QueuePolicy = 2, DropNewest },
			[]Publication{text("a", "1", 1), text("a", "2", 1), text("a", "3", 1)},
			[]string{"a=1 q1 #1", "a=2 q1 #2"}, 1},
		{"QoS 0 goes first", func(l *Limits) { l.MaxQueued = 3 },
			[]Publication{text("a", "1", 1), text("a", "0", 0), text("a", "2", 2), text("a", "3", 1)},
			[]string{"a=1 q1 #1", "a=2 q2 #2", "a=3 q1 #3"}, 1},
		{"QoS 0 goes first, newest policy", func(l *Limits) { l.MaxQueued, l.QueuePolicy = 3, DropNewest },
			[]Publication{text("a", "0", 0), text("a", "1", 1), text("a", "2", 2), text("a", "3", 1)},
			[]string{"a=1 q1 #1", "a=2 q2 #2", "a=3 q1 #3"}, 1},
		{"QoS 0 never displaces what is safer", func(l *Limits) { l.MaxQueued = 2 },
			[]Publication{text("a", "1", 1), text("a", "2", 1), text("a", "0", 0)},
			[]string{"a=1 q1 #1", "a=2 q1 #2"}, 1},
		{"QoS 0 displaces QoS 0", func(l *Limits) { l.MaxQueued = 2 },
			[]Publication{text("a", "1", 0), text("a", "2", 0), text("a", "3", 0)},
			[]string{"a=2 q0", "a=3 q0"}, 1},
		{"bytes", func(l *Limits) { l.MaxQueuedBytes = 12 },
			[]Publication{text("a", "1234", 1), text("a", "5678", 1), text("a", "9", 1), text("a", "abcd", 1)},
			[]string{"a=5678 q1 #1", "a=9 q1 #2", "a=abcd q1 #3"}, 1},
		{"bytes, newest goes", func(l *Limits) { l.MaxQueuedBytes, l.QueuePolicy = 12, DropNewest },
			[]Publication{text("a", "1234", 1), text("a", "5678", 1), text("a", "9", 1), text("a", "abcd", 1)},
			[]string{"a=1234 q1 #1", "a=5678 q1 #2", "a=9 q1 #3"}, 1},
		{"bytes, several go for one", func(l *Limits) { l.MaxQueuedBytes = 12 },
			[]Publication{text("a", "12", 1), text("a", "34", 1), text("a", "56", 1), text("a", "1234567890", 1)},
			[]string{"a=1234567890 q1 #1"}, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := DefaultLimits()
			c.limits(&l)
			b := New(l)
			p := attach(t, b, ConnectOptions{ClientID: "c", Expiry: day})
			p.subscribe("a", SubscribeOptions{QoS: 2})
			for _, m := range c.send {
				publish(b, m)
			}
			p.hears(c.want...)
			if n := dropped(b, DropQueueFull); n != c.dropped {
				t.Errorf("%d drops are counted, want %d", n, c.dropped)
			}
			if p.session.queue.bytes != 0 {
				t.Errorf("an empty queue counts %d bytes", p.session.queue.bytes)
			}
		})
	}
}

func TestQoS0Offline(t *testing.T) {
	for _, keep := range []bool{false, true} {
		l := DefaultLimits()
		l.QueueQoS0Offline = keep
		b := New(l)
		p := attach(t, b, ConnectOptions{ClientID: "c", Expiry: day})
		p.subscribe("a", SubscribeOptions{QoS: 2})
		p.close(false)
		publish(b, text("a", "0", 0))
		publish(b, text("a", "1", 1))
		if keep {
			connect(t, b, ConnectOptions{ClientID: "c", Expiry: day}).hears("a=0 q0", "a=1 q1 #1")
		} else {
			connect(t, b, ConnectOptions{ClientID: "c", Expiry: day}).hears("a=1 q1 #1")
		}
	}
}

func TestPullWindow(t *testing.T) {
	l := DefaultLimits()
	l.MaxInflight = 3
	b := New(l)
	p := attach(t, b, ConnectOptions{ClientID: "c", Expiry: day, ReceiveMaximum: 2})
	p.subscribe("a", SubscribeOptions{QoS: 2})
	for _, m := range []Publication{text("a", "1", 1), text("a", "2", 2), text("a", "3", 1), text("a", "4", 0), text("a", "5", 1), text("a", "6", 1)} {
		publish(b, m)
	}
	p.hears("a=1 q1 #1", "a=2 q2 #2")
	p.hears()
	p.PubAck(1)
	p.hears("a=3 q1 #3", "a=4 q0")
	p.PubRec(2, false)
	p.hears() // PUBREL is out: no room yet
	p.PubComp(2)
	p.hears("a=5 q1 #4")
	p.close(true)

	// A larger Receive Maximum than the broker's limit does not count.
	p = connect(t, b, ConnectOptions{ClientID: "c", Expiry: day, ReceiveMaximum: 100})
	publish(b, text("a", "7", 1))
	p.hears("a=3 q1 #3 dup", "a=5 q1 #4 dup", "a=6 q1 #5")
	p.close(true)

	// A smaller one than what is on its way holds back what is sent again.
	p = connect(t, b, ConnectOptions{ClientID: "c", Expiry: day, ReceiveMaximum: 1})
	p.hears("a=3 q1 #3 dup")
	p.hears()
	p.PubAck(5) // not sent again yet: makes no room
	p.hears()
	p.PubAck(3)
	p.hears("a=5 q1 #4 dup")
	p.PubAck(4)
	p.hears("a=7 q1 #6")
}

func TestReadyComesOnce(t *testing.T) {
	b := New(DefaultLimits())
	p := attach(t, b, ConnectOptions{ClientID: "c", ReceiveMaximum: 1})
	p.subscribe("a", SubscribeOptions{QoS: 1, RetainHandling: 2})
	want := func(n int) {
		t.Helper()
		if got := p.heardReady(); got != n {
			t.Fatalf("Ready came %d times, want %d", got, n)
		}
	}
	publish(b, text("a", "1", 1))
	publish(b, text("a", "2", 1))
	want(1)
	p.hears("a=1 q1 #1") // the window is full
	publish(b, text("a", "3", 1))
	want(0)
	p.PubAck(1)
	p.hears("a=2 q1 #2")
	p.PubAck(2)
	p.hears("a=3 q1 #3")
	p.PubAck(3)
	want(0)
	p.hears() // to the end
	var turn Turn
	for range 5 { // one turn, one call
		b.Publish(&Publication{Topic: "a", Payload: []byte("x")}, &turn)
	}
	want(0)
	b.End(&turn)
	want(1)
	p.close(false)
	if !turn.Empty() {
		t.Error("an ended turn is not empty")
	}
	publish(b, text("a", "4", 1))
	want(0)
}

func TestQoS2Delivery(t *testing.T) {
	b := New(DefaultLimits())
	p := attach(t, b, ConnectOptions{ClientID: "c", Expiry: day})
	p.subscribe("a", SubscribeOptions{QoS: 2})
	publish(b, text("a", "1", 2))
	publish(b, text("a", "2", 2))
	p.hears("a=1 q2 #1", "a=2 q2 #2")
	if p.PubAck(1) || p.PubComp(1) || p.PubRec(7, false) || p.PubComp(7) {
		t.Error("acknowledgements that fit nothing were taken")
	}
	if !p.PubRec(1, false) || !p.PubRec(1, false) {
		t.Error("PUBREC, or its repetition, was not taken")
	}
	p.close(true)
	p = connect(t, b, ConnectOptions{ClientID: "c", Expiry: day})
	p.hears("release #1", "a=2 q2 #2 dup")
	if !p.PubComp(1) || p.PubComp(1) {
		t.Error("PUBCOMP was not taken once")
	}
	if !p.PubRec(2, true) || p.PubRec(2, false) { // MQTT 5: refused
		t.Error("a refusing PUBREC was not taken once")
	}
	p.Resume()
	p.hears()
	if p.session.window.count != 0 {
		t.Errorf("%d entries are left", p.session.window.count)
	}
}

func TestQoS2Publish(t *testing.T) {
	l := DefaultLimits()
	l.MaxReceived, l.MaxRetained = 2, 1
	b := New(l)
	w := attach(t, b, ConnectOptions{ClientID: "watch"})
	w.subscribe("#", SubscribeOptions{QoS: 2})
	p := attach(t, b, ConnectOptions{ClientID: "c", Expiry: day})
	send := func(id uint16, payload string, want mqtt.ReasonCode) {
		t.Helper()
		m := text("a", payload, 2)
		m.PacketID = id
		if r := p.publish(m); r != want {
			t.Fatalf("PUBLISH #%d: %v, want %v", id, r, want)
		}
	}
	send(1, "one", mqtt.ReasonSuccess)
	send(1, "one again", mqtt.ReasonSuccess)
	p.close(true)
	p = connect(t, b, ConnectOptions{ClientID: "c", Expiry: day})
	send(1, "one again", mqtt.ReasonSuccess)
	send(2, "two", mqtt.ReasonSuccess)
	send(3, "three", mqtt.ReasonReceiveMaximumExceeded)
	if !p.PubRel(1) || p.PubRel(1) || p.PubRel(3) {
		t.Error("PUBREL was not taken once")
	}
	send(1, "a new one", mqtt.ReasonSuccess)
	w.hears("a=one q2 #1", "a=two q2 #2", "a=a new one q2 #3")
	p.PubRel(2)

	// What is refused is not remembered: a repetition is judged again.
	publish(b, kept("full", "x", 0))
	m := kept("other", "y", 2)
	m.PacketID = 5
	for range 2 {
		if r := p.publish(m); r != mqtt.ReasonQuotaExceeded {
			t.Fatalf("a retained message too many: %v", r)
		}
	}
	publish(b, kept("full", "", 0))
	if r := p.publish(m); r != mqtt.ReasonSuccess {
		t.Fatalf("with room again: %v", r)
	}
	w.hears("full=x q0", "full= q0", "other=y q2 #4")
}

func TestDiscard(t *testing.T) {
	b := New(DefaultLimits())
	p := attach(t, b, ConnectOptions{ClientID: "c", Expiry: day, ReceiveMaximum: 1})
	p.subscribe("a", SubscribeOptions{QoS: 2})
	publish(b, text("a", "1", 2))
	publish(b, text("a", "2", 1))
	p.hears("a=1 q2 #1")
	var turn Turn
	p.Discard(&Delivery{PacketID: 1}, DropTooLarge, &turn)
	p.Discard(&Delivery{}, DropRefused, &turn)
	b.End(&turn)
	p.hears("a=2 q1 #2")
	if dropped(b, DropTooLarge) != 1 || dropped(b, DropRefused) != 1 {
		t.Errorf("drops: %v", b.Stats().Dropped)
	}
	p.Resume()
	p.hears("a=2 q1 #2 dup")
}

func TestMaximumPacket(t *testing.T) {
	b := New(DefaultLimits())
	p := attach(t, b, ConnectOptions{ClientID: "c", MaximumPacket: 4})
	p.subscribe("a", SubscribeOptions{QoS: 1})
	publish(b, text("a", "123", 1))
	publish(b, text("a", "1234", 1))
	publish(b, text("a", "", 1))
	p.hears("a=123 q1 #1", "a= q1 #2")
	if n := dropped(b, DropTooLarge); n != 1 {
		t.Errorf("%d messages were counted as too large, want 1", n)
	}
}

func TestKeptLivesWithTheSession(t *testing.T) {
	b := New(DefaultLimits())
	p := attach(t, b, ConnectOptions{ClientID: "c", Expiry: day, Keep: func(Kept) Kept { return KeptOctets("ids") }})
	p.close(true)
	p = attach(t, b, ConnectOptions{ClientID: "c", Expiry: day})
	if p.Kept() == nil || string(p.Kept().AppendKept(nil)) != "ids" {
		t.Errorf("kept: %v", p.Kept())
	}
	p = attach(t, b, ConnectOptions{ClientID: "c", CleanStart: true})
	if p.Kept() != nil {
		t.Errorf("kept over a clean start: %v", p.Kept())
	}
}

func TestLimitsOfSessionsAndSubscriptions(t *testing.T) {
	l := DefaultLimits()
	l.MaxSessions, l.MaxSubscriptions = 1, 2
	b := New(l)
	p := attach(t, b, ConnectOptions{ClientID: "c"})
	if _, _, err := b.Connect(ConnectOptions{ClientID: "d"}, p, new(Turn)); !errors.Is(err, ErrTooManySessions) {
		t.Errorf("a session too many: %v", err)
	}
	p = attach(t, b, ConnectOptions{ClientID: "c", CleanStart: true}) // its own place
	p.subscribe("a", SubscribeOptions{})
	p.subscribe("b", SubscribeOptions{})
	if r := p.Subscribe("c", SubscribeOptions{}); r != mqtt.ReasonQuotaExceeded {
		t.Errorf("a subscription too many: %v", r)
	}
	p.subscribe("a", SubscribeOptions{QoS: 1}) // replaces
	if r := p.Unsubscribe("c"); r != mqtt.ReasonNoSubscriptionExisted {
		t.Errorf("UNSUBSCRIBE of nothing: %v", r)
	}
	if r := p.Unsubscribe("b"); r != mqtt.ReasonSuccess {
		t.Errorf("UNSUBSCRIBE: %v", r)
	}
	p.subscribe("c", SubscribeOptions{})
	publish(b, text("a", "x", 2))
	publish(b, text("b", "x", 2))
	publish(b, text("c", "x", 2))
	p.hears("a=x q1 #1", "c=x q0")
}

func TestSubscriptionOptions(t *testing.T) {
	b := New(DefaultLimits())
	p := attach(t, b, ConnectOptions{ClientID: "c"})
	p.subscribe("a/+", SubscribeOptions{QoS: 0, Identifier: 1, NoLocal: true})
	p.publish(text("a/1", "own", 1))
	p.hears()
	publish(b, kept("a/1", "x", 1))
	p.hears("a/1=x q0 ids[1]")
	p.subscribe("a/#", SubscribeOptions{QoS: 1, RetainAsPublished: true, RetainHandling: 2})
	p.publish(kept("a/1", "own", 2)) // once, at the highest QoS
	p.hears("a/1=own q1 #1 retain ids[1]")
	if n := b.Stats().Delivered; n != 2 {
		t.Errorf("%d deliveries are counted, want 2", n)
	}
}

// A publisher is slowed only for a client that reads, and only near the limit.
func TestPause(t *testing.T) {
	l := DefaultLimits()
	l.SlowAt, l.MaxQueued = 10, 100
	b := New(l)
	p := attach(t, b, ConnectOptions{ClientID: "c"})
	p.subscribe("a", SubscribeOptions{})
	send := func(n int) (longest time.Duration) {
		for range n {
			var turn Turn
			b.Publish(&Publication{Topic: "a", Payload: []byte("x")}, &turn)
			longest = max(longest, b.End(&turn))
		}
		return longest
	}
	if d := send(50); d != 0 {
		t.Errorf("a pause of %v for a client that takes nothing", d)
	}
	p.pull(worthWaiting)
	if d := send(1); d < shortestPause || d > longestPause {
		t.Errorf("a pause of %v for a client that reads", d)
	}
	if d := send(1); d != 0 {
		t.Errorf("another pause of %v, although the client took nothing since", d)
	}
	if got := l.pause(l.MaxQueued); got != longestPause {
		t.Errorf("with a full queue the pause is %v, want %v", got, longestPause)
	}
}

func TestBrokerClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(DefaultLimits())
		w := attach(t, b, ConnectOptions{ClientID: "watch", Expiry: day})
		w.subscribe("#", SubscribeOptions{QoS: 1})
		w.hears() // so that it is to be told of the next message
		p := attach(t, b, ConnectOptions{ClientID: "c", Expiry: day, Will: &Will{Topic: "will", QoS: 1}})
		gone := attach(t, b, ConnectOptions{ClientID: "gone", Expiry: time.Minute})
		gone.close(true)
		b.Close()
		for _, c := range []*peer{p, w} {
			if got := c.heardClosed(); got != "[Server shutting down]" {
				t.Errorf("%s heard %s", c.Session().ID(), got)
			}
			if c.Attached() {
				t.Errorf("%s is still attached", c.Session().ID())
			}
		}
		if _, _, err := b.Connect(ConnectOptions{ClientID: "x"}, p, new(Turn)); !errors.Is(err, ErrShuttingDown) {
			t.Errorf("CONNECT after Close: %v", err)
		}
		p.close(true)
		w.close(true)
		publish(b, text("late", "x", 1)) // from a gateway that closes after it
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := b.Stats().Sessions; n != 3 {
			t.Errorf("%d sessions, want the 3 there were", n)
		}
		b.Close()
		if got := p.heardClosed(); got != "[Server shutting down]" {
			t.Errorf("after a second Close: %s", got)
		}
	})
}

func nothingDropped() map[DropReason]uint64 {
	out := make(map[DropReason]uint64)
	for why := range DropReason(numDropReasons) {
		out[why] = 0
	}
	return out
}
