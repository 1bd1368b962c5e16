package crash

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"snbroker/internal/mqtt"
	sn "snbroker/mqttsn/client"
)

// everything is what all streams that are not retained match.
var everything = []string{"p/#", "d/#", "A0"}

// populate begins the clients and devices that are there from the beginning.
func (w *world) populate(ctx context.Context) {
	var clients []*client
	for i, version := range []mqtt.Version{mqtt.V311, mqtt.V5, mqtt.V311, mqtt.V5} {
		id := fmt.Sprintf("t%d", i)
		clients = append(clients, w.client(id, version, nil,
			w.stream(fmt.Sprintf("p/%s/0", id), false), w.stream(fmt.Sprintf("p/%s/1", id), false), w.stream("kept/"+id, true)))
	}
	// One that publishes and hears of others, and those that only hear.
	clients[0].hears = w.listen(newAudience(w, "t0", 2, "d/a0/one", "p/t1/1"))
	all := append([]string{"will/#", "kept/#"}, everything...)
	clients = append(clients,
		w.client("u0", mqtt.V311, w.listen(newAudience(w, "u0", 2, all...))),
		w.client("u1", mqtt.V5, w.listen(newAudience(w, "u1", 2, all...))),
		w.client("u2", mqtt.V5, w.listen(newAudience(w, "u2", 1, everything...))),
		w.client("u3", mqtt.V311, w.listen(newAudience(w, "u3", 2, everything...))))
	clients[len(clients)-1].rests = true

	var devices []*device
	named := func(topic string) outlet { return outlet{w.stream(topic, false), sn.Named(topic)} }
	for i := range 2 {
		id := fmt.Sprintf("a%d", i)
		a := w.device(id, staying, w.listen(newAudience(w, id, 2, "p/t2/0", "d/c0/one")), sn.Named("p/t2/0"), sn.Named("d/c0/one"))
		a.streams = []outlet{named("d/" + id + "/one"), named("d/" + id + "/two"), named("d/" + id + "/three")}
		devices = append(devices, a)
	}
	devices[0].streams = append(devices[0].streams, outlet{w.stream(predefinedOut, false), sn.Predefined(7)},
		outlet{w.stream("A0", false), sn.Short("A0")}, outlet{w.stream("kept/a0", true), sn.Named("kept/a0")})

	commuter := w.device("c0", commuting, w.listen(newAudience(w, "c0", 2, "p/t3/#")), sn.Named("p/t3/#"))
	commuter.streams = []outlet{named("d/c0/one"), named("d/c0/two")}
	devices = append(devices, commuter,
		w.device("s0", sleeping, w.listen(newAudience(w, "s0", 2, predefinedIn, "d/a1/#")), sn.Predefined(8), sn.Named("d/a1/#")),
		w.device("s1", sleeping, w.listen(newAudience(w, "s1", 1, "p/t0/#", "A0")), sn.Named("p/t0/#"), sn.Short("A0")),
		w.device("s2", sleeping, w.listen(newAudience(w, "s2", 2, "p/t2/#")), sn.Named("p/t2/#")))
	for _, c := range clients {
		w.background.Go(func() { c.live(ctx) })
	}
	for _, d := range devices {
		w.background.Go(func() { d.live(ctx) })
	}
}

// visitors are new in each cycle: a subscriber that stays for some connections, a
// device that vanishes or leaves, and who looks at the retained messages.
func (w *world) visitors(ctx context.Context, i int) {
	a := w.listen(newAudience(w, fmt.Sprintf("v%d", i), 2, append([]string{"kept/#"}, everything...)...))
	v := w.client(a.name, []mqtt.Version{mqtt.V311, mqtt.V5}[i%2], a)
	v.stays = 4
	w.background.Go(func() {
		pause(ctx, time.Duration(v.r.IntN(600))*time.Millisecond)
		v.live(ctx)
		if ctx.Err() == nil {
			w.dismiss(a)
			v.forget(ctx)
		}
	})
	d := w.device(fmt.Sprintf("g%d", i), []habit{vanishing, parting}[i%2], nil)
	w.background.Go(func() { d.live(ctx) })
	w.background.Go(func() { w.inspect(ctx, fmt.Sprintf("i%d", i)) })
}

// forget ends the client's session.
func (c *client) forget(ctx context.Context) {
	for ctx.Err() == nil {
		again := c.w.client(c.id, c.version, nil)
		again.clean = true
		if again.connect() == nil {
			c.w.mu.Lock()
			c.w.forgotten = append(c.w.forgotten, c.id)
			c.w.mu.Unlock()
			again.leave()
			again.nc.Close()
			return
		}
		pause(ctx, 20*time.Millisecond)
	}
}

// revisit sees to it that sessions which their clients have ended stay so. The
// program is not killed any more.
func (w *world) revisit() {
	w.mu.Lock()
	forgotten := slices.Clone(w.forgotten)
	w.mu.Unlock()
	for _, id := range forgotten {
		c := w.client(id, mqtt.V311, nil)
		if err := c.connect(); err != nil {
			w.broken(id, "CONNECT", err.Error())
			continue
		}
		if c.found {
			w.broken(id, "CONNECT", "a session that a clean start has ended does not come back")
		}
		c.leave()
		c.nc.Close()
	}
}

// inspect has a new client look at what is retained: of each topic the last that
// was acknowledged before it asked, or a later one that was sent.
func (w *world) inspect(ctx context.Context, id string) {
	c := w.client(id, mqtt.V311, newAudience(w, id, 1, "kept/#"))
	c.clean = true
	if !w.isFinishing() {
		pause(ctx, time.Duration(c.r.IntN(600))*time.Millisecond)
	}
	if c.connect() != nil {
		return // the program is being killed: the next one looks
	}
	defer c.nc.Close()
	oldest := make(map[*stream]int) // that may be there
	w.mu.Lock()
	for _, s := range w.streams {
		if s.kept {
			oldest[s] = s.acked
		}
	}
	w.mu.Unlock()
	seen := make(map[*stream]bool)
	c.subscribe()
	for deadline := time.Now().Add(patience); ; {
		if missing := w.unseen(oldest, seen); missing == "" {
			break
		} else if time.Now().After(deadline) {
			w.broken(id, missing, "a retained message that is acknowledged is there")
			return
		}
		frame, err := c.frame()
		if frame != nil && err == nil {
			w.look(c, frame, oldest, seen)
			continue
		}
		if err == nil {
			err = c.flush()
		}
		if err == nil {
			err = c.read(time.Now().Add(100 * time.Millisecond))
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) || ctx.Err() != nil {
			return
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts.retained++
}

// unseen tells which retained message has to come still. One that may be
// deleted need not come.
func (w *world) unseen(oldest map[*stream]int, seen map[*stream]bool) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for s, from := range oldest {
		may := from == 0 || seen[s]
		for n := from; n <= s.begun; n++ {
			may = may || s.clears(n)
		}
		if !may {
			return fmt.Sprintf("message %d or later of %s", from, s.topic)
		}
	}
	return ""
}

func (w *world) look(c *client, frame []byte, oldest map[*stream]int, seen map[*stream]bool) {
	p, err := c.decoder.Decode(frame)
	m, ok := p.(*mqtt.Publish)
	if err != nil || !ok {
		return
	}
	if m.QoS > 0 {
		c.put(&mqtt.Puback{PacketID: m.PacketID})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s := w.streams[string(m.Topic)]
	if s == nil || len(m.Payload) == 0 {
		return
	}
	n, err := s.parse(m.Payload)
	if err != nil {
		w.breach(c.id, s.topic, "a retained message is as it was sent: "+err.Error())
		return
	}
	if m.Retain && (n < oldest[s] || n > s.begun) {
		w.breach(c.id, fmt.Sprintf("message %d of %s", n, s.topic), fmt.Sprintf("what is retained is the last acknowledged, %d, or later", oldest[s]))
	}
	seen[s] = true
}
