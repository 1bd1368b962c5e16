package gateway

import "time"

// A program that was stopped or starved for a while, as by a slow SD card or a
// machine that was put to sleep, finds deadlines that have passed, and in its
// sockets what devices sent in the meantime. Until that is read nobody is given up.
const (
	stallNoticed = 500 * time.Millisecond
	stallGrace   = time.Second
)

// woke notes that the pump has the turn, which was to have it at planned.
func (g *Gateway) woke(planned instant) {
	late := time.Duration(g.now - planned)
	if planned == 0 || late < stallNoticed {
		return
	}
	g.stats.Stalls++
	g.lenient = g.now.after(stallGrace)
	g.cfg.Log.Info("the program was held up: devices are given a second more", "for", late.Round(time.Millisecond))
}
