package serial

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
	"snbroker/transport/transporttest"
)

// noisy damages what passes: so many octets of a thousand, and cuts frames short.
type noisy struct {
	Port
	mu    sync.Mutex
	rnd   *rand.Rand
	wire  []byte   // all that went out
	whole [][]byte // frames that nothing happened to
}

func (p *noisy) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := append([]byte{}, b...)
	for i := range out {
		if p.rnd.IntN(100) == 0 {
			out[i] ^= byte(1 + p.rnd.IntN(255))
		}
	}
	if p.rnd.IntN(20) == 0 {
		out = out[:p.rnd.IntN(len(out))]
	}
	p.wire = append(p.wire, out...)
	if bytes.Equal(out, b) {
		p.whole = append(p.whole, out)
	}
	if len(out) > 0 {
		if _, err := p.Port.Write(out); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// One octet of a hundred is wrong, one frame of twenty is cut, both ways: what was
// acknowledged has arrived, and nothing arrives that was not sent.
func TestNoise(t *testing.T) {
	for _, name := range []string{"hdlc", "slip-crc", "cobs", "radiohead", "slip-ip"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			line := transporttest.NewSocat(t)
			w.serve(t, opened(t, overNoise(onDevice(name, line.Gateway), 1)))
			var mu sync.Mutex
			arrived := make(map[string]int)
			ctx := withTimeout(t)
			watch := w.elsewhere(t)
			if _, err := watch.Subscribe(ctx, client.Named("#"), mqttsn.QoS1, func(m *client.Message) {
				mu.Lock()
				defer mu.Unlock()
				arrived[m.Topic.Name+" "+string(m.Payload)]++
			}); err != nil {
				t.Fatal(err)
			}
			d := connected(t, overNoise(onDevice(name, line.Device), 2), own(name, 3),
				client.Config{ClientID: "d", TRetry: 30 * time.Millisecond, NRetry: 100})
			const messages = 100
			for i := range messages {
				if err := d.Publish(ctx, client.Named("a/b"), fmt.Appendf(nil, "message %d", i), mqttsn.QoS1, false); err != nil {
					t.Fatal(err)
				}
			}
			if err := watch.Publish(ctx, client.Named("end"), nil, mqttsn.QoS1, false); err != nil {
				t.Fatal(err)
			}
			for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
				mu.Lock()
				n := len(arrived)
				mu.Unlock()
				if n == messages+1 || time.Now().After(end) {
					break
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for i := range messages {
				if arrived[fmt.Sprint("a/b message ", i)] == 0 {
					t.Errorf("message %d is missing", i)
				}
			}
			if len(arrived) != messages+1 {
				t.Errorf("%d kinds of messages: %v", len(arrived), arrived)
			}
		})
	}
}

// overNoise opens a device with noise on what is written to it.
func overNoise(real Config, seed uint64) Config {
	cfg := real
	cfg.OpenPort = func(context.Context) (Port, error) {
		p, err := openDevice(&real)
		if err != nil {
			return nil, err
		}
		return &noisy{Port: p, rnd: rand.New(rand.NewPCG(seed, seed))}, nil
	}
	return cfg
}
