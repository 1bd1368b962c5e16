package listener

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest"
	"snbroker/internal/store"
)

// failing is a store whose disk takes nothing from some time on.
type failing struct {
	broker.Store
	since atomic.Uint64 // what was durable then, and one; 0: it works
}

func (f *failing) fail() { f.since.Store(uint64(f.Store.Durable()) + 1) }

func (f *failing) Err() error {
	if f.since.Load() == 0 {
		return nil
	}
	return errors.New("no disk")
}

func (f *failing) Durable() store.LSN {
	if since := f.since.Load(); since != 0 {
		return store.LSN(since - 1)
	}
	return f.Store.Durable()
}

func (f *failing) Notify(upTo store.LSN, w store.Waiter) bool {
	return f.since.Load() != 0 && f.Durable() < upTo || f.Store.Notify(upTo, w)
}

// onDisk starts a listener whose broker keeps what it has on a disk in memory.
func onDisk(t *testing.T) (*world, *failing) {
	t.Helper()
	log, err := store.Open(store.Options{Path: "data", FS: store.NewMemFS(), SegmentSize: store.MinSegment, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	t.Cleanup(func() { log.Close() })
	f := &failing{Store: log}
	b := broker.New(broker.DefaultLimits())
	if _, err := b.Persist(f, nil); err != nil {
		t.Fatal(err)
	}
	b.Release()
	t.Cleanup(b.Close)
	l := mqtttest.NewPipes()
	cfg := anybody()
	cfg.SessionExpiry = time.Hour
	w := serve(t, b, l, cfg)
	w.open = l.Dial
	return w, f
}

// While the disk fails a connection that ends is closed, whatever its client is
// owed: each that came and went would stay open otherwise.
func TestNobodyLingersForADiskThatFails(t *testing.T) {
	for _, v := range versions {
		w, disk := onDisk(t)
		will := w.connect(v, "will", func(p *mqtt.Connect) { p.Will = &mqtt.Will{Topic: []byte("will")} })
		owed := w.connect(v, "owed", lasting)
		disk.fail()
		will.Disconnect()
		owed.Say(&mqtt.Pubrel{PacketID: 1})
		owed.Disconnect()
	}
}
