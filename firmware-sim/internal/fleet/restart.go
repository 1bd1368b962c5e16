package fleet

import (
	"context"
	"fmt"
	"time"

	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
)

// restart has the gateway restarted when that is due. Devices and the program go on
// meanwhile, as far as they get.
func (r *Real) restart(ctx context.Context) error {
	due := false
	r.Turn(func(f *Fleet) {
		at := f.cfg.Scenario.Restart.At
		n := int(f.stats.Restarts)
		if due = f.cfg.Gateway != nil && n < len(at) && at[n] <= f.now && f.runs(); due {
			f.leaves()
		}
	})
	if !due {
		return nil
	}
	within := r.Fleet.cfg.Scenario.Restart.Within
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err := r.Fleet.cfg.Gateway.Restart(limited)
	for err == nil && !r.client.Connected() {
		select {
		case <-limited.Done():
			err = fmt.Errorf("nobody takes MQTT connections at %s", r.broker)
		case <-r.client.Done():
			return r.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	if ctx.Err() != nil {
		return nil // the run is over, and says what there is
	}
	if err != nil {
		return fmt.Errorf("the gateway was restarted, and is not back within %v: %w", within, err)
	}
	r.Turn((*Fleet).returns)
	return nil
}

// leaves is the moment before the gateway is restarted: it may forget who is where,
// and end connections.
func (f *Fleet) leaves() {
	f.stats.Restarts++
	f.away = true
	f.excuse()
}

// returns is when it is back.
func (f *Fleet) returns() {
	f.away, f.back = false, f.now
	f.excuse()
}

func (f *Fleet) excuse() {
	for i := range f.devices {
		d := &f.devices[i]
		d.excused = d.excused || d.client != nil
		// A clean session may be over, which a sleeper is not told.
		d.stale = d.stale || d.pop.CleanSession && (d.state == Asleep || d.state == Awake)
		if d.will != nil {
			d.will.Restarted(f.now)
		}
	}
}

// heeded tells whether the gateway was there for a request that it has not answered,
// and could know the device: with DTLS it cannot since it was restarted, until the
// device gives up, makes another session and connects.
func (d *device) heeded(e *client.Disconnected) bool {
	f := d.fleet
	if f.back == 0 || f.away {
		return !f.away
	}
	return f.now-e.Waited > f.back && (!d.excused || e.Request == mqttsn.TypeConnect)
}
