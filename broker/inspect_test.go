package broker

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func everybody(*Session) bool { return true }

func TestIDsInPages(t *testing.T) {
	b := New(DefaultLimits())
	for i := range 250 {
		attach(t, b, ConnectOptions{ClientID: fmt.Sprintf("c%03d", i*7%250)})
	}
	var got []string
	for after := ""; ; {
		page, total := b.IDs(after, 40, everybody)
		if total != 250 {
			t.Fatalf("%d in all", total)
		}
		if got = append(got, page...); len(page) < 40 {
			break
		}
		after = page[len(page)-1]
	}
	if len(got) != 250 || !slices.IsSorted(got) {
		t.Errorf("%d ids: %v", len(got), got)
	}
	some, total := b.IDs("", 3, func(s *Session) bool { return strings.HasSuffix(s.ID(), "9") })
	if total != 25 || !slices.Equal(some, []string{"c009", "c019", "c029"}) {
		t.Errorf("%v of %d", some, total)
	}
	if none, _ := b.IDs("", 0, everybody); len(none) > 0 {
		t.Errorf("a page for none has %v", none)
	}
}

func TestSessionInfo(t *testing.T) {
	b := New(DefaultLimits())
	p := attach(t, b, ConnectOptions{ClientID: "c", Expiry: day, Will: &Will{Topic: "w"}, Identity: "who"})
	p.subscribe("a/#", SubscribeOptions{QoS: 1})
	p.subscribe("b", SubscribeOptions{})
	publish(b, text("a/1", "one", 1))
	publish(b, text("a/2", "two", 1))
	i, ok := b.Session("c")
	if !ok || i.Queued != 2 || i.QueuedBytes != 12 || i.Subscriptions != 2 || !i.HasWill || i.Identity != "who" || i.Client == nil || i.Expiry != day {
		t.Errorf("%+v", i)
	}
	p.hears("a/1=one q1 #1", "a/2=two q1 #2")
	if i, _ = b.Session("c"); i.Queued != 0 || i.Inflight != 2 {
		t.Errorf("%+v", i)
	}
	p.close(false)
	if i, _ = b.Session("c"); i.Client != nil || i.HasWill {
		t.Errorf("after its end: %+v", i)
	}
	if _, ok := b.Session("nobody"); ok {
		t.Error("there is nobody")
	}
	other := attach(t, b, ConnectOptions{ClientID: "d"})
	other.subscribe("a/1", SubscribeOptions{QoS: 2})
	all, total := b.Subscriptions(SubscriptionInfo{}, 2, func(_, filter string) bool { return Matches(filter, "a/1") })
	if total != 2 || len(all) != 2 || all[0].ClientID != "c" || all[0].Filter != "a/#" || all[1].Options.QoS != 2 {
		t.Errorf("%+v of %d", all, total)
	}
	if rest, _ := b.Subscriptions(all[0], 9, func(_, _ string) bool { return true }); len(rest) != 2 || rest[0].Filter != "b" {
		t.Errorf("after the first: %+v", rest)
	}
	if own := b.SubscriptionsOf("c"); len(own) != 2 || own[1].Filter != "b" {
		t.Errorf("%+v", own)
	}
}

// The last losses are told with their reasons, newest first, and end with the
// session.
func TestDropsAreTold(t *testing.T) {
	l := DefaultLimits()
	l.MaxQueued = 1
	b := New(l)
	var lost []string
	b.OnLoss(func(id string, why DropReason) { lost = append(lost, id+" "+why.String()) })
	p := attach(t, b, ConnectOptions{ClientID: "c", MaximumPacket: 5})
	p.subscribe("#", SubscribeOptions{QoS: 1})
	publish(b, text("t", "x", 0))
	publish(b, text("t", "x", 0))
	if p.pull(9); len(lost) > 0 {
		t.Errorf("QoS 0 lost: %q", lost)
	}
	for i := range 12 {
		publish(b, text(fmt.Sprint("t", i), "x", 1))
	}
	d := b.Drops("c")
	if d.Counts[DropQueueFull] != 12 || len(d.Last) != keptDrops || d.Last[0].Topic != "t10" || d.Last[7].Topic != "t3" || d.Last[0].QoS != 1 || d.Last[0].At.IsZero() {
		t.Errorf("%+v", d)
	}
	p.hears("t11=x q1 #1")
	publish(b, text("t", "too long", 1))
	p.hears()
	if d = b.Drops("c"); d.Last[0].Why != DropTooLarge {
		t.Errorf("%+v", d.Last[0])
	}
	if !slices.Equal(lost, []string{"c queue_full", "c too_large"}) {
		t.Errorf("lost: %q", lost)
	}
	p.close(false)
	attach(t, b, ConnectOptions{ClientID: "c"})
	if d = b.Drops("c"); len(d.Last) > 0 {
		t.Errorf("a new session has %+v", d)
	}
}

func TestDropLogsAreBounded(t *testing.T) {
	table := newDropTable()
	for range 2 * dropShards * maxDropLogs {
		table.note(new(Session), DropExpired, "t", 0)
	}
	n := 0
	for i := range table.shards {
		n += len(table.shards[i].logs)
	}
	if n > dropShards*maxDropLogs {
		t.Errorf("%d logs", n)
	}
}

func TestRetainedLevel(t *testing.T) {
	b := New(DefaultLimits())
	for _, topic := range []string{"a", "a-b", "a/1", "a/2/x", "a/2/y", "b/c/d", "/r", "a/"} {
		publish(b, kept(topic, "v", 0))
	}
	list := func(prefix string, limit int) (names []string) {
		for from := ""; ; {
			page, next := b.RetainedLevel(prefix, from, limit)
			for _, e := range page {
				if e.Message == nil {
					e.Name += "/..."
				}
				names = append(names, e.Name)
			}
			if from = next; next == "" {
				return names
			}
		}
	}
	for _, limit := range []int{1, 2, 100} {
		for prefix, want := range map[string][]string{
			"":     {"/...", "a", "a-b", "a/...", "b/..."},
			"a/":   {"", "1", "2/..."},
			"a/2/": {"x", "y"},
			"/":    {"r"},
			"b/":   {"c/..."},
			"none": nil,
		} {
			if got := list(prefix, limit); !reflect.DeepEqual(got, want) {
				t.Errorf("below %q, %d a page: %q, want %q", prefix, limit, got, want)
			}
		}
	}
	if m := b.Retained("a/1"); m == nil || string(m.Payload) != "v" || b.Retained("a/9") != nil {
		t.Errorf("%+v", m)
	}
}

func TestOperate(t *testing.T) {
	b := New(DefaultLimits())
	p := attach(t, b, ConnectOptions{ClientID: "c", Expiry: day})
	p.subscribe("a", SubscribeOptions{QoS: 1})
	m := text("a", "hi", 1)
	if _, err := b.Operate(context.Background(), &m); err != nil {
		t.Fatal(err)
	}
	p.hears("a=hi q1 #1")
	if !b.Disconnect("c") || b.Disconnect("c") || b.Disconnect("nobody") {
		t.Error("it was to be disconnected once")
	}
	if got := p.heardClosed(); got != "[Administrative action]" {
		t.Errorf("it heard %s", got)
	}
	if _, ok := b.Session("c"); !ok {
		t.Error("its session is gone")
	}
}

func BenchmarkDropped(b *testing.B) {
	table := newDropTable()
	s := &Session{id: "c"}
	for b.Loop() {
		table.note(s, DropQueueFull, "a/topic", 0)
	}
}
