// Package crash kills the real program with -9 in the middle of its work, again
// and again, and has it answer for what it has acknowledged. Clients and devices
// keep their own side of each exchange, as the standards want it.
//
//	SNBROKER_CRASHES=200 SNBROKER_SEED=7 go test -v -timeout 30m ./interop/crash
//
// SNBROKER_KEEP names a folder that gets a copy of what each of the last kills left
// on the disk.
//
// The seed decides what the clients do and when the program is killed; how the
// machine schedules them differs from run to run.
package crash

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// setting is a number from the environment.
func setting(t *testing.T, name string, otherwise uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s is a number: %v", name, err)
	}
	return n
}

func TestCrashes(t *testing.T) {
	seed := setting(t, "SNBROKER_SEED", uint64(time.Now().UnixNano()%1e6))
	crashes := int(setting(t, "SNBROKER_CRASHES", 20))
	t.Logf("SNBROKER_SEED=%d SNBROKER_CRASHES=%d", seed, crashes)
	w := newWorld(t, seed)
	var err error
	if w.program, err = build(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	ctx, over := context.WithCancel(context.Background())
	w.over = over
	defer w.background.Wait()
	defer over()
	err = w.run(ctx, crashes)
	over()
	w.background.Wait()
	if err != nil {
		t.Errorf("seed %d, cycle %d: %v", seed, w.cycle, err)
	}
	if last := w.program.last; last != nil {
		if err := last.stop(); err != nil {
			t.Errorf("seed %d, cycle %d: %v", seed, w.cycle, err)
		} else if line := last.complaint(); line != "" {
			t.Errorf("seed %d: the program complains: %s", seed, line)
		}
		if t.Failed() {
			t.Logf("the program's log:\n%s", last.text())
		}
	}
	c := &w.counts
	t.Logf("killed %d times: %d messages sent, %d acknowledged, %d arrived, %d of them again at QoS 1; %d connections, %d wakes, %d wills, %d looks at what is retained",
		w.cycle, c.sent, c.acked, c.arrived, c.again, c.connects, c.wakes, len(w.wills.fates), c.retained)
}

// run is the test: everybody subscribes, the load begins, the program is killed
// again and again, and in the end everything has to arrive.
func (w *world) run(ctx context.Context, crashes int) error {
	if err := w.start(); err != nil {
		return err
	}
	w.populate(ctx)
	if missing := w.await(ctx, w.unready); missing != "" && ctx.Err() == nil {
		return fmt.Errorf("still to come: %s", missing)
	}
	w.mu.Lock()
	w.loading = true
	w.mu.Unlock()
	r := rand.New(rand.NewPCG(w.seed, 0))
	for i := 0; w.cycle < crashes && ctx.Err() == nil; i++ {
		w.visitors(ctx, i)
		pause(ctx, time.Duration(50+r.IntN(1100))*time.Millisecond)
		if ctx.Err() != nil {
			break // the log of this run is what is wanted
		}
		if err := w.crash(r); err != nil {
			return err
		}
	}
	w.mu.Lock()
	w.finishing = true
	w.mu.Unlock()
	if missing := w.await(ctx, w.unfinished); missing != "" && ctx.Err() == nil {
		who, _, _ := strings.Cut(missing, ":")
		w.mu.Lock()
		defer w.mu.Unlock()
		return fmt.Errorf("all that is acknowledged arrives, but not: %s\n%v", missing, w.traces[who])
	}
	w.inspect(ctx, "last")
	w.revisit()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.audiences {
		if key := w.wills.wrong(a); key != "" {
			w.breach(a.name, "will of "+key, "who has left with DISCONNECT has no will")
		}
	}
	return nil
}

// unready tells who has not subscribed.
func (w *world) unready() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.audiences {
		if !a.ready {
			return "the subscription of " + a.name
		}
	}
	return ""
}
