package sys

import (
	"testing"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
)

// watcher pulls what it is told is there.
type watcher struct {
	conn *broker.Conn
	got  map[string]string
}

func (w *watcher) Ready() {
	var turn broker.Turn
	for {
		got := w.conn.Pull(make([]broker.Delivery, 0, 16), &turn)
		for _, d := range got {
			w.got[d.Message.Topic] = string(d.Message.Payload)
		}
		if len(got) == 0 {
			return
		}
	}
}
func (w *watcher) Closed(mqtt.ReasonCode) {}

func TestReport(t *testing.T) {
	b := broker.New(broker.DefaultLimits())
	counts := Counts{PacketsIn: 600, Connections: 3}
	r := New(b, "1.2.3", func() Counts { return counts })
	now := time.Now()
	r.Report(now)
	w := &watcher{got: map[string]string{}}
	var turn broker.Turn
	w.conn, _, _ = b.Connect(broker.ConnectOptions{ClientID: "watcher", CleanStart: true}, w, &turn)
	w.conn.Subscribe("$SYS/#", broker.SubscribeOptions{})
	w.Ready()
	expect := func(name, want string) {
		t.Helper()
		if got := w.got["$SYS/broker/"+name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	expect("version", "snbroker version 1.2.3")
	expect("clients/connected", "0")
	expect("messages/received", "600")
	expect("load/messages/received/1min", "0.00")

	clear(w.got)
	counts.PacketsIn = 1200
	r.Report(now.Add(time.Minute))
	w.Ready()
	expect("clients/connected", "1")
	expect("uptime", "60 seconds")
	expect("messages/received", "1200")
	expect("load/messages/received/1min", "379.27") // 600 a minute, 1 - 1/e of it
	if _, again := w.got["$SYS/broker/version"]; again {
		t.Error("what has not changed was published again")
	}
}
