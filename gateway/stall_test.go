package gateway

import (
	"testing"
	"time"

	"snbroker/mqttsn"
)

// What a device sent while the program was held up counts, though its time was over
// before it could be read.
func TestStall(t *testing.T) {
	play(t, nil, func(w *world) {
		g := w.gateway
		spoke, silent := w.device("10.0.0.2:4000"), w.device("10.0.0.3:4000")
		spoke.connect("spoke", true, 60)
		silent.connect("silent", true, 60)
		time.Sleep(tolerated(60) - time.Millisecond)
		g.beginTurn()
		g.woke(g.now - instant(stallNoticed) + 1)
		if g.lenient != 0 {
			t.Error("an ordinary delay counts")
		}
		g.woke(g.now - instant(5*time.Second))
		g.endTurn()
		time.Sleep(stallGrace / 2)
		spoke.send(&mqttsn.PingReq{})
		spoke.expect(&mqttsn.PingResp{})
		time.Sleep(stallGrace)
		stats := g.Stats()
		if stats.Lost != 1 || stats.Devices(Active) != 1 || stats.Stalls != 1 {
			t.Errorf("%d lost, %d active, %d stalls", stats.Lost, stats.Devices(Active), stats.Stalls)
		}
	})
}
