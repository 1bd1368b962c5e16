package interop

import (
	"fmt"
	"testing"
	"time"
)

// TestClients5 has every client that can do what is new in MQTT 5.
func TestClients5(t *testing.T) {
	each(t, of5(), map[string]func(*testing.T, flavour){
		"properties": allProperties, "will": willProperties, "alias": alias, "identifiers": identifiers, "shared": sharedBetween,
		"no local": noLocal, "retain as published": retainAsPublished, "retain handling": retainHandling, "codes": codes,
	})
}

// some is every property that goes from publisher to subscriber.
func some() properties {
	return properties{
		// MQTT.js knows the order only of values with the same name.
		User:        [][2]string{{"b", "2"}, {"b", "1"}, {"a", "ä"}, {"", ""}},
		ContentType: "text/plain", ResponseTopic: "answer/here", Correlation: []byte("\x00\x01\xff"),
	}
}

func allProperties(t *testing.T, f flavour) {
	from, to := f.connect(t, connecting{}), f.connect(t, connecting{})
	to.subscribe(t.Name(), 2)
	for qos := range byte(3) {
		m := message{Topic: t.Name(), Payload: []byte("m"), QoS: qos, Properties: some()}
		m.Properties.Expiry = 100
		from.send(m)
		to.expect(m)
		m.Retain = true
		from.send(m)
		m.Retain = false
		to.expect(m)
		m.Retain = true
		late := f.connect(t, connecting{})
		late.subscribe(t.Name(), 2)
		late.expect(m)
		from.retain(t.Name(), "", qos)
		to.hears(t.Name(), "", qos)
	}
}

func willProperties(t *testing.T, f flavour) {
	to := f.connect(t, connecting{})
	to.subscribe(t.Name(), 2)
	w := message{Topic: t.Name(), Payload: []byte("will"), QoS: 1, Properties: some()}
	if f.driver == "paho5" { // which sends no others with a will
		w.Properties = properties{User: w.Properties.User}
	}
	f.connect(t, connecting{Will: &w}).drop()
	to.expect(w)
}

func alias(t *testing.T, f flavour) {
	from, to := f.connect(t, connecting{}), f.connect(t, connecting{})
	to.subscribe(t.Name()+"/#", 2)
	for qos := range byte(3) {
		for _, topic := range []string{t.Name() + "/one", t.Name() + "/two"} {
			for _, sent := range []string{topic, "", ""} {
				from.send(message{Topic: sent, Payload: []byte("m"), QoS: qos, Properties: properties{Alias: 1}})
				to.hears(topic, "m", qos)
			}
		}
	}
}

func identifiers(t *testing.T, f flavour) {
	from, to := f.connect(t, connecting{}), f.connect(t, connecting{})
	for _, id := range []int{1, 300, 268435455} {
		topic := fmt.Sprint(t.Name(), "/", id)
		to.subscribeWith(subscription{Filter: topic, QoS: 1, Subscription: id})
		from.publish(topic, "m", 1)
		to.expect(message{Topic: topic, Payload: []byte("m"), QoS: 1, Properties: properties{Subscriptions: []int{id}}})
		to.subscribe(topic, 1) // without, in its place
		from.publish(topic, "m", 1)
		to.hears(topic, "m", 1)
	}
}

func sharedBetween(t *testing.T, f flavour) {
	const messages = 40
	from, all := f.connect(t, connecting{}), f.connect(t, connecting{})
	all.subscribe(t.Name(), 1)
	members := []*peer{f.connect(t, connecting{}), f.connect(t, connecting{})}
	for _, m := range members {
		m.subscribe("$share/g/"+t.Name(), 1)
	}
	for i := range messages {
		from.publish(t.Name(), fmt.Sprint(i), 1)
		all.hears(t.Name(), fmt.Sprint(i), 1)
	}
	got := make(map[string]int)
	var share [2]int
	for range messages {
		var e event
		var who int
		select {
		case e = <-members[0].events:
		case e = <-members[1].events:
			who = 1
		case <-timeout():
			t.Fatalf("only %v arrived", share)
		}
		got[string(e.Message.Payload)]++
		share[who]++
	}
	if len(got) != messages || share[0] == 0 || share[1] == 0 {
		t.Errorf("%d of %d messages arrived, %v", len(got), messages, share)
	}
	// A member that leaves, leaves all to the other one.
	members[0].disconnect()
	for i := range 5 {
		from.publish(t.Name(), fmt.Sprint("left ", i), 1)
		members[1].hears(t.Name(), fmt.Sprint("left ", i), 1)
	}
}

func noLocal(t *testing.T, f flavour) {
	self, other := f.connect(t, connecting{}), f.connect(t, connecting{})
	self.subscribeWith(subscription{Filter: t.Name(), QoS: 1, NoLocal: true})
	other.subscribe(t.Name(), 1)
	self.publish(t.Name(), "from itself", 1)
	other.hears(t.Name(), "from itself", 1)
	other.publish(t.Name(), "from another", 1)
	self.hears(t.Name(), "from another", 1)
}

func retainAsPublished(t *testing.T, f flavour) {
	from, to := f.connect(t, connecting{}), f.connect(t, connecting{})
	to.subscribeWith(subscription{Filter: t.Name(), QoS: 1, RetainAsPublished: true})
	from.retain(t.Name(), "kept", 1)
	to.hearsRetained(t.Name(), "kept", 1)
	from.publish(t.Name(), "not kept", 1)
	to.hears(t.Name(), "not kept", 1)
	from.retain(t.Name(), "", 1)
	to.hearsRetained(t.Name(), "", 1)
}

func retainHandling(t *testing.T, f flavour) {
	from := f.connect(t, connecting{})
	from.retain(t.Name(), "kept", 1)
	for handling, gets := range [][2]bool{{true, true}, {true, false}, {false, false}} {
		to := f.connect(t, connecting{})
		for _, kept := range gets {
			to.subscribeWith(subscription{Filter: t.Name(), QoS: 1, RetainHandling: byte(handling)})
			if kept {
				to.hearsRetained(t.Name(), "kept", 1)
			}
			from.publish(t.Name(), "next", 1)
			to.hears(t.Name(), "next", 1)
		}
	}
	from.retain(t.Name(), "", 1)
}

func codes(t *testing.T, f flavour) {
	p := f.connect(t, connecting{})
	check := func(what string, got, want int) {
		t.Helper()
		if got != want {
			t.Errorf("%s: code %#x, want %#x", what, got, want)
		}
	}
	nobody, known := 0x10, 0
	if f.driver == "python" { // which does not tell
		nobody, known = unknown, unknown
	}
	check("publish to nobody", p.send(message{Topic: t.Name(), QoS: 1}), nobody)
	if f.driver == "node" { // the only one that tells with QoS 2
		check("publish to nobody", p.send(message{Topic: t.Name(), QoS: 2}), nobody)
	}
	check("unsubscribe from nothing", p.unsubscribe(t.Name()), 0x11)
	p.subscribe(t.Name(), 0)
	check("publish to somebody", p.send(message{Topic: t.Name(), QoS: 1}), known)
	check("unsubscribe", p.unsubscribe(t.Name()), 0)
}

// TestMessageExpiry: of what waited for a client too long it gets nothing.
func TestMessageExpiry(t *testing.T) {
	t.Parallel()
	c := make(map[flavour]connecting)
	for _, f := range of5() {
		c[f] = connecting{ClientID: newID(), Expiry: 100}
		to := f.connect(t, c[f])
		to.subscribe(t.Name()+"/"+f.String(), 1)
		to.disconnect()
		away(t, c[f])
		from := f.connect(t, connecting{})
		for i, expiry := range []uint32{1, 100, 1, 0} {
			from.send(message{Topic: t.Name() + "/" + f.String(), Payload: fmt.Append(nil, i), QoS: 1, Properties: properties{Expiry: expiry}})
		}
	}
	time.Sleep(2 * time.Second) // until they have expired
	for _, f := range of5() {
		to := f.connect(t, c[f])
		// What it waited for is gone from it.
		to.expect(message{Topic: t.Name() + "/" + f.String(), Payload: []byte("1"), QoS: 1, Properties: properties{Expiry: 98}})
		to.expect(message{Topic: t.Name() + "/" + f.String(), Payload: []byte("3"), QoS: 1})
	}
}

// TestSessionExpiry: a session lasts as long as its client wants, no longer.
func TestSessionExpiry(t *testing.T) {
	t.Parallel()
	short, long := make(map[flavour]connecting), make(map[flavour]connecting)
	for _, f := range of5() {
		short[f], long[f] = connecting{ClientID: newID(), Expiry: 1}, connecting{ClientID: newID(), Expiry: 100}
		f.connect(t, short[f]).disconnect()
		f.connect(t, long[f]).drop()
	}
	time.Sleep(2 * time.Second) // until they have expired
	for _, f := range of5() {
		if !f.connect(t, long[f]).was.Session {
			t.Errorf("%v: a session of 100 s has gone", f)
		}
		if f.connect(t, short[f]).was.Session {
			t.Errorf("%v: a session of 1 s is still there", f)
		}
	}
}

// TestRequests has every client with MQTT 5 ask the next one.
func TestRequests(t *testing.T) {
	t.Parallel()
	all := of5()
	for i, f := range all {
		asks, answers := f.connect(t, connecting{}), all[(i+1)%len(all)].connect(t, connecting{})
		question, back := t.Name()+"/question/"+f.String(), t.Name()+"/answer/"+f.String()
		answers.subscribe(question, 1)
		asks.subscribe(back, 1)
		asks.send(message{Topic: question, Payload: []byte("who?"), QoS: 1, Properties: properties{ResponseTopic: back, Correlation: []byte{0, byte(i)}}})
		q := answers.receive()
		answers.send(message{Topic: q.Properties.ResponseTopic, Payload: []byte("me"), QoS: 1, Properties: properties{Correlation: q.Properties.Correlation}})
		asks.expect(message{Topic: back, Payload: []byte("me"), QoS: 1, Properties: properties{Correlation: []byte{0, byte(i)}}})
	}
}
