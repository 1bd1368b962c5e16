package auth

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(Config{Workers: 2, Waiting: 10})
		var now, most, done, busy atomic.Int64
		var wg sync.WaitGroup
		start := time.Now()
		for range 100 {
			wg.Go(func() {
				err := p.do(context.Background(), func() {
					if n := now.Add(1); n > most.Load() {
						most.Store(n)
					}
					time.Sleep(50 * time.Millisecond)
					now.Add(-1)
				})
				switch {
				case err == nil:
					done.Add(1)
				case errors.Is(err, errBusy):
					busy.Add(1)
					if d := time.Since(start); d != 0 {
						t.Errorf("told busy after %v", d)
					}
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if done.Load() != 12 || busy.Load() != 88 || most.Load() != 2 {
			t.Errorf("done %d, busy %d, at a time %d", done.Load(), busy.Load(), most.Load())
		}
		if d := time.Since(start); d != 300*time.Millisecond {
			t.Errorf("took %v", d)
		}
		if err := p.do(context.Background(), func() {}); err != nil {
			t.Errorf("after the storm: %v", err)
		}
	})
}

func TestWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(Config{Workers: 1})
		release := make(chan struct{})
		go p.do(context.Background(), func() { <-release })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := p.do(ctx, func() { t.Error("ran") }); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if n := p.waiting.Load(); n != 0 {
			t.Errorf("%d still wait", n)
		}
		close(release)
	})
}

// Who waits longer is served first.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(Config{Workers: 1})
		var order []int
		for i := range 20 {
			go p.do(context.Background(), func() {
				time.Sleep(time.Second)
				order = append(order, i)
			})
			synctest.Wait()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		for i, n := range order {
			if i != n {
				t.Fatalf("order %v", order)
			}
		}
		if len(order) != 20 {
			t.Fatalf("served %d", len(order))
		}
	})
}
