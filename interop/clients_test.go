package interop

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestClients has every client do what every version of MQTT can.
func TestClients(t *testing.T) {
	each(t, flavours, map[string]func(*testing.T, flavour){
		"qos": qos, "sizes": sizes, "wildcards": wildcards, "retained": retained, "will": will,
		"session": session, "takeover": takeover, "fan-out": fanOut, "no name": noName,
	})
}

func each(t *testing.T, flavours []flavour, scenarios map[string]func(*testing.T, flavour)) {
	for _, f := range flavours {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			for name, scenario := range scenarios {
				t.Run(name, func(t *testing.T) { scenario(t, f) })
			}
		})
	}
}

func qos(t *testing.T, f flavour) {
	from, to := f.connect(t, connecting{}), f.connect(t, connecting{})
	for granted := range byte(3) {
		topic := fmt.Sprintf("%s/%d", t.Name(), granted)
		to.subscribe(topic, granted)
		for sent := range byte(3) {
			from.publish(topic, fmt.Sprint("at ", sent), sent)
			to.hears(topic, fmt.Sprint("at ", sent), min(granted, sent))
		}
	}
}

func sizes(t *testing.T, f flavour) {
	from, to := f.connect(t, connecting{}), f.connect(t, connecting{})
	to.subscribe(t.Name(), 2)
	for _, size := range []int{0, 1, 100 << 10} {
		payload := strings.Repeat("0123456789abcdef\x00\xff\n", size/19+1)[:size]
		for qos := range byte(3) {
			from.publish(t.Name(), payload, qos)
			to.hears(t.Name(), payload, qos)
		}
	}
}

func wildcards(t *testing.T, f flavour) {
	from, one, all := f.connect(t, connecting{}), f.connect(t, connecting{}), f.connect(t, connecting{})
	one.subscribe(t.Name()+"/+/x", 1)
	all.subscribe(t.Name()+"/#", 1)
	for _, topic := range []struct {
		name string
		one  bool
	}{{"", false}, {"/", false}, {"/a", false}, {"/a/x", true}, {"//x", true}, {"/a/b/x", false}, {"/ä/x", true}} {
		from.publish(t.Name()+topic.name, "m", 1)
		all.hears(t.Name()+topic.name, "m", 1)
		if topic.one {
			one.hears(t.Name()+topic.name, "m", 1)
		}
	}
	all.unsubscribe(t.Name() + "/#")
	all.subscribe(t.Name()+"/last", 1)
	from.publish(t.Name()+"/b/x", "m", 1)
	one.hears(t.Name()+"/b/x", "m", 1)
	from.publish(t.Name()+"/last", "m", 1)
	all.hears(t.Name()+"/last", "m", 1)
}

func retained(t *testing.T, f flavour) {
	from, live := f.connect(t, connecting{}), f.connect(t, connecting{})
	live.subscribe(t.Name(), 2)
	for qos := range byte(3) {
		value := fmt.Sprint("value ", qos)
		from.retain(t.Name(), value, qos)
		live.hears(t.Name(), value, qos)
		late := f.connect(t, connecting{})
		late.subscribe(t.Name(), 2)
		late.hearsRetained(t.Name(), value, qos)
	}
	from.retain(t.Name(), "", 1)
	live.hears(t.Name(), "", 1)
	late := f.connect(t, connecting{})
	late.subscribe(t.Name(), 2)
	from.publish(t.Name(), "after", 1)
	late.hears(t.Name(), "after", 1)
}

func will(t *testing.T, f flavour) {
	from, to := f.connect(t, connecting{}), f.connect(t, connecting{})
	to.subscribe(t.Name(), 2)
	for qos := range byte(3) {
		w := &message{Topic: t.Name(), Payload: fmt.Append(nil, "will ", qos), QoS: qos, Retain: qos == 2}
		f.connect(t, connecting{Will: w}).disconnect()
		from.publish(t.Name(), "no will", 1)
		to.hears(t.Name(), "no will", 1)
		f.connect(t, connecting{Will: w}).drop()
		to.hears(t.Name(), string(w.Payload), qos)
	}
	late := f.connect(t, connecting{})
	late.subscribe(t.Name(), 2)
	late.hearsRetained(t.Name(), "will 2", 2)
	from.retain(t.Name(), "", 0)
	to.hears(t.Name(), "", 0)
}

func session(t *testing.T, f flavour) {
	const messages = 40
	from := f.connect(t, connecting{})
	c := connecting{ClientID: newID(), Expiry: 100}
	to := f.connect(t, c)
	if to.was.Session {
		t.Error("there is a session already")
	}
	to.subscribe(t.Name()+"/#", 2)
	for round, leave := range []func(*peer){(*peer).disconnect, (*peer).drop} {
		leave(to)
		for i := range messages {
			from.publish(t.Name()+"/topic", fmt.Sprint(round, " ", i), byte(1+round))
		}
		to = f.connect(t, c)
		if !to.was.Session && f.version > 3 { // 3.1 does not tell
			t.Error("there is no session")
		}
		for i := range messages {
			to.hears(t.Name()+"/topic", fmt.Sprint(round, " ", i), byte(1+round))
		}
		from.publish(t.Name()+"/live", "live", 2)
		to.hears(t.Name()+"/live", "live", 2)
		// A client tells of a message before it acknowledges it: one that it
		// drops in between comes again. With the next one it has.
		from.publish(t.Name()+"/live", "next", 0)
		to.hears(t.Name()+"/live", "next", 0)
	}
	to.disconnect()
	c.Clean = true
	if to = f.connect(t, c); to.was.Session {
		t.Error("the session outlives a clean one")
	}
}

func takeover(t *testing.T, f flavour) {
	watcher := f.connect(t, connecting{})
	watcher.subscribe(t.Name(), 1)
	id := newID()
	first := f.connect(t, connecting{ClientID: id, Clean: true, Will: &message{Topic: t.Name(), Payload: []byte("taken over"), QoS: 1}})
	second := f.connect(t, connecting{ClientID: id, Clean: true})
	code := first.ends()
	want := unknown
	if f.version == 5 {
		want = 0x8e
	}
	if code != want {
		t.Errorf("the first connection ended with code %#x", code)
	}
	watcher.hears(t.Name(), "taken over", 1)
	second.publish(t.Name(), "here", 1)
	watcher.hears(t.Name(), "here", 1)
}

func fanOut(t *testing.T, f flavour) {
	const peers, messages = 20, 20
	from := f.connect(t, connecting{})
	var to [peers]*peer
	for i := range to {
		to[i] = f.connect(t, connecting{})
		to[i].subscribe(t.Name(), byte(i%3))
	}
	for i := range messages {
		from.publish(t.Name(), fmt.Sprint(i), 2)
	}
	for i := range to {
		for m := range messages {
			to[i].hears(t.Name(), fmt.Sprint(m), byte(i%3))
		}
	}
}

func noName(t *testing.T, f flavour) {
	if f.version == 3 {
		return // every client of MQTT 3.1 has one
	}
	p := f.connectTo(t, shared(t, f.driver), connecting{Clean: true})
	p.subscribe(t.Name(), 1)
	p.publish(t.Name(), "m", 1)
	p.hears(t.Name(), "m", 1)
	if (p.was.Assigned != "") != (f.version == 5) {
		t.Errorf("the server assigned %q", p.was.Assigned)
	}
}

// TestKeepAlive has every client idle for longer than the program would let it
// without a ping.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	var idle []*peer
	for _, f := range flavours {
		p := f.connect(t, connecting{KeepAlive: 4})
		p.subscribe(t.Name()+"/"+p.name, 1)
		idle = append(idle, p)
	}
	// A client that does not ping is dropped after 6 seconds: nobody else.
	end := time.After(7 * time.Second)
	for _, p := range idle {
		select {
		case e := <-p.events:
			t.Fatalf("%v: got %+v", p.flavour, e)
		case <-end:
			end = time.After(0)
		}
	}
	for _, p := range idle {
		p.publish(t.Name()+"/"+p.name, "alive", 1)
		p.hears(t.Name()+"/"+p.name, "alive", 1)
	}
}

// TestKilled has processes die: their clients' wills are published.
func TestKilled(t *testing.T) {
	t.Parallel()
	watcher := flavours[0].connect(t, connecting{})
	watcher.subscribe(t.Name()+"/+", 1)
	seen := make(map[string]bool)
	for _, f := range flavours {
		if seen[f.driver] || f.scheme != "tcp" {
			continue
		}
		seen[f.driver] = true
		d, err := startDriver(f.driver)
		if err != nil {
			t.Fatal(err)
		}
		defer d.kill()
		p := f.connectTo(t, d, connecting{ClientID: newID(), Clean: true, Will: &message{Topic: t.Name() + "/" + f.driver, QoS: 1}})
		p.gone = true
		d.kill()
		watcher.hears(t.Name()+"/"+f.driver, "", 1)
	}
}
