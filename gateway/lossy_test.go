package gateway

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
	"snbroker/transport/memnet"
)

// wanderer is a whole device: it publishes, sleeps, wakes, connects anew when
// it is lost, and writes down what it gets.
type wanderer struct {
	t         *testing.T
	conn      *memnet.Conn
	client    *client.Client
	got       map[string][]int
	published int // acknowledged
	asleep    bool
	subbed    int
}

func (d *wanderer) Send(b []byte) {
	must(d.t, d.conn.Send(memnet.ParseAddr(gatewayAddr), b))
}

func (d *wanderer) Handle(e client.Event) {
	now := time.Now()
	switch e := e.(type) {
	case *client.Disconnected:
		must(d.t, d.client.Connect(now))
	case *client.Refused:
		d.t.Errorf("refused: %+v", e)
	case *client.Published:
		if e.ReturnCode != mqttsn.ReturnAccepted || e.Uncertain {
			d.t.Errorf("published: %+v", e)
		}
		d.published++
	case *client.Subscribed:
		d.subbed++
	case *client.FellAsleep:
		d.asleep = true
	case *client.Message:
		n, err := strconv.Atoi(string(e.Payload))
		must(d.t, err)
		d.got[e.Topic.Name] = append(d.got[e.Topic.Name], n)
	}
}

// run lets the device live until a time, or until enough.
func (d *wanderer) run(until time.Time, enough func() bool) {
	for time.Now().Before(until) && !enough() {
		wake := until
		if next := d.client.Next(); !next.IsZero() && next.Before(wake) {
			wake = next
		}
		ctx, cancel := context.WithDeadline(context.Background(), wake)
		_, b, err := d.conn.Recv(ctx)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			d.client.Advance(time.Now())
			continue
		}
		must(d.t, err)
		_ = d.client.Receive(time.Now(), b) // what it has no use for is the test
	}
}

// nap is a sleep with three wakes in it, as far as the network lets it.
func (d *wanderer) nap() {
	d.asleep = false
	must(d.t, d.client.Sleep(time.Now(), 10*time.Minute))
	d.run(time.Now().Add(time.Hour), func() bool { return d.asleep || d.client.State() == client.StateDisconnected })
	for range 3 {
		d.run(time.Now().Add(20*time.Second), func() bool { return false })
		if d.client.State() == client.StateAsleep {
			must(d.t, d.client.Wake(time.Now()))
			d.run(time.Now().Add(3*time.Minute), func() bool { return d.client.State() != client.StateAwake })
		}
	}
	if d.client.State() != client.StateActive {
		must(d.t, d.client.Connect(time.Now()))
	}
}

// The conversations of a device under a fifth of loss, duplication and
// reordering: at least once at QoS 1, exactly once at QoS 2, in both directions,
// through sleep and reconnects, in order.
func TestUnderLossDuplicationAndReordering(t *testing.T) {
	seeds := 40
	if s := os.Getenv("SNBROKER_SEEDS"); s != "" {
		seeds, _ = strconv.Atoi(s)
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			bound := func(c *Config, _ *LinkOptions) { c.MaxAmplification = int(seed % 3) } // 0: none
			play(t, bound, func(w *world) { lossyStory(t, w, seed) })
		})
	}
}

func lossyStory(t *testing.T, w *world, seed uint64) {
	const messages = 40
	w.net.Close() // the world's own is perfect
	w.net = memnet.New(seed)
	link := w.net.Link(gatewayAddr)
	go w.gateway.Serve(link, LinkOptions{Anonymous: true})
	defer link.Close()
	p := w.program("program", "up/#")

	d := &wanderer{t: t, conn: w.net.Conn("10.0.0.2:4000"), got: map[string][]int{}}
	d.client = client.New(client.Config{ClientID: "c1", KeepAlive: 5 * time.Minute, QueueSize: 4 * messages}, d)
	now := time.Now()
	must(t, d.client.Connect(now))
	for _, topic := range []string{"down/1", "down/2"} {
		_, err := d.client.Subscribe(now, client.Named(topic), mqttsn.QoS(topic[5]-'0'))
		must(t, err)
	}
	d.run(now.Add(time.Hour), func() bool { return d.subbed == 2 })

	// Delay and jitter are such that a copy does not arrive after the PUBREL
	// of its original: no receiver could tell it from a new message then.
	w.net.Impair(memnet.Impairment{Loss: .2, Duplicate: .2, Reorder: .2, Delay: 100 * time.Millisecond, Jitter: 50 * time.Millisecond})
	for i := range messages {
		w.publish("down/1", fmt.Sprint(i), mqtt.QoS1, false)
		w.publish("down/2", fmt.Sprint(i), mqtt.QoS2, false)
		for _, qos := range []mqttsn.QoS{mqttsn.QoS1, mqttsn.QoS2} {
			_, err := d.client.Publish(time.Now(), client.Named("up/"+qos.String()), fmt.Append(nil, i), qos, false)
			must(t, err)
		}
		d.run(time.Now().Add(5*time.Second), func() bool { return false })
		if i%10 == 5 && d.client.State() == client.StateActive {
			d.nap()
		}
	}
	complete := func() bool {
		return d.published == 2*messages && len(unique(d.got["down/1"])) == messages && len(d.got["down/2"]) >= messages
	}
	d.run(time.Now().Add(6*time.Hour), complete)
	w.net.Impair(memnet.Impairment{Delay: 100 * time.Millisecond})
	d.run(time.Now().Add(10*time.Minute), func() bool { return false }) // stragglers

	p.pull()
	up := map[string][]int{}
	for _, line := range p.got {
		f := strings.Fields(line)
		n, _ := strconv.Atoi(f[1])
		up[f[0]] = append(up[f[0]], n)
	}
	for name, got := range map[string][]int{"up/1": up["up/1"], "up/2": up["up/2"], "down/1": d.got["down/1"], "down/2": d.got["down/2"]} {
		first := unique(got)
		if len(first) != messages {
			t.Errorf("%s: %d of %d arrived: %v", name, len(first), messages, got)
		}
		for i, n := range first {
			if n != i {
				t.Errorf("%s: out of order: %v", name, got)
				break
			}
		}
		if strings.HasSuffix(name, "2") && len(got) != messages {
			t.Errorf("%s: %d messages at QoS 2, %d were sent: %v", name, len(got), messages, got)
		}
	}
	if s := w.gateway.Stats(); s.Retries == 0 || w.net.Stats().Lost == 0 {
		t.Errorf("the network was kind: %d retries", s.Retries)
	}
	d.conn.Close()
}

// unique returns the first occurrences.
func unique(in []int) (out []int) {
	seen := map[int]bool{}
	for _, n := range in {
		if !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}
