package listener

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestMessageRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r rate
		begun, sent := time.Now(), 0
		for time.Since(begun) < 10*time.Second {
			time.Sleep(r.pause(7, 100))
			sent += 7
			if r.pause(0, 100) != 0 || r.pause(7, 0) != 0 {
				t.Fatal("a pause for nothing, or without a bound")
			}
		}
		if sent < 1000 || sent > 1200 { // ten seconds, and one in advance
			t.Errorf("%d messages in ten seconds at 100 a second", sent)
		}
	})
}

// The clients of one address share a rate.
func TestMessageRateOfAnAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var one host
		begun, sent := time.Now(), make([]int, 3)
		var done sync.WaitGroup
		for i := range sent {
			done.Go(func() {
				for time.Since(begun) < 10*time.Second {
					time.Sleep(one.pause(5, 100))
					sent[i] += 5
				}
			})
		}
		done.Wait()
		if all := sent[0] + sent[1] + sent[2]; all < 1000 || all > 1300 {
			t.Errorf("%v messages in ten seconds at 100 a second together", sent)
		}
		if (*host)(nil).pause(5, 100) != 0 {
			t.Error("a pause without an address to count by")
		}
	})
}
