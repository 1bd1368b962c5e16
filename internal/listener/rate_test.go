package listener

import (
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
