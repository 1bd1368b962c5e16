package listener

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest"
)

// A subscriber that does not read holds up nobody: its messages are dropped
// and counted, and when it reads again it gets what was kept, whole and in
// order.
func TestSlowReader(t *testing.T) {
	const messages, size = 1500, 16 << 10
	onBoth(t, func(s *settings) { s.MaxQueued, s.SlowAt = 20, 0 }, func(t *testing.T, w *world) {
		slow := w.connect(mqtt.V311, "slow")
		slow.Subscribe(filter("a", 0))
		good := w.connect(mqtt.V311, "good")
		good.Subscribe(filter("a", 1))
		p := w.connect(mqtt.V311, "p")
		payload := make([]byte, size)
		for i := range uint32(messages) {
			binary.BigEndian.PutUint32(payload, i)
			p.Publish(pub("a", string(payload), 1, 1))
			got, ok := good.Next().(*mqtt.Publish)
			if !ok || binary.BigEndian.Uint32(got.Payload) != i {
				t.Fatalf("the good reader heard %+v", got)
			}
			good.Say(&mqtt.Puback{PacketID: got.PacketID})
		}
		lost := w.broker.Stats().Dropped[broker.DropQueueFull]
		if lost == 0 || lost >= messages {
			t.Fatalf("%d of %d messages are counted as dropped", lost, messages)
		}
		last := -1
		for range messages - int(lost) {
			got, ok := slow.Next().(*mqtt.Publish)
			if !ok || len(got.Payload) != size {
				t.Fatalf("the slow reader heard %T", got)
			}
			if i := int(binary.BigEndian.Uint32(got.Payload)); i <= last {
				t.Fatalf("message %d came after %d", i, last)
			} else {
				last = i
			}
		}
		if last != messages-1 {
			t.Errorf("the last message was %d: not the oldest were dropped", last)
		}
		slow.Silence()
	})
}

// A client that asks and asks and does not read the answers is disconnected
// before they fill the memory.
func TestAnswersUnread(t *testing.T) {
	w := overTCP(t, nil)
	c := w.connect(mqtt.V311, "c")
	pings := bytes.Repeat([]byte{byte(mqtt.TypePingreq) << 4, 0}, 32<<10)
	c.SetWriteDeadline(time.Now().Add(mqtttest.Patience))
	const most = 64 << 20 // what sockets hold, and then some
	for sent := 0; ; sent += len(pings) {
		if _, err := c.Write(pings); errors.Is(err, os.ErrDeadlineExceeded) || sent > most {
			t.Fatalf("after %d octets the client is still there: %v", sent, err)
		} else if err != nil {
			break
		}
	}
	until(t, "the connection's end", func() bool { return w.Stats().Connections == 0 })
}

// A client that leaves unread what it was sent is disconnected after the write
// timeout.
func TestWriteTimeout(t *testing.T) {
	inBubble(t, nil, func(t *testing.T, w *world) {
		slow := w.connect(mqtt.V311, "slow")
		slow.Subscribe(filter("a", 0))
		w.connect(mqtt.V311, "p").Publish(pub("a", "x", 1, 1))
		for _, c := range []struct {
			wait time.Duration
			left int
		}{{30*time.Second - 1, 2}, {1, 1}} {
			time.Sleep(c.wait)
			synctest.Wait()
			if n := w.Stats().Connections; n != c.left {
				t.Errorf("%d connections, want %d", n, c.left)
			}
		}
	})
}

// Close ends, when its context does, connections whose clients do not read.
func TestCloseWithStuckClient(t *testing.T) {
	w := overTCP(t, func(s *settings) { s.MaxQueued = 10_000; s.MaxQueuedBytes = 1 << 30; s.SlowAt = 0 })
	slow := w.connect(mqtt.V5, "slow")
	slow.Subscribe(filter("a", 0))
	p := w.connect(mqtt.V311, "p")
	payload := strings.Repeat("x", 64<<10)
	for range 300 { // more than sockets hold
		p.Publish(pub("a", payload, 1, 1))
	}
	w.shutWithin(50 * time.Millisecond)
	if left := connGoroutines(); len(left) > 0 {
		t.Errorf("after Close there are still\n%s", strings.Join(left, "\n\n"))
	}
}
