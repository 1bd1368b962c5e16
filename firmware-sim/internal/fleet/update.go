package fleet

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
)

// update is a download that a device has under way: it asks for one chunk after
// another, and again if nothing comes.
type update struct {
	next    int // chunk
	tries   int
	begun   time.Duration
	running bool
	done    bool
}

// request asks for the next chunk.
func (d *device) request() {
	u := d.update
	if d.client == nil || u.done || d.fleet.stopped() && !u.running {
		return
	}
	if !u.running {
		u.running, u.begun = true, d.fleet.now
	}
	u.tries++
	d.publish("", 0, fmt.Appendf(nil, "get %d %d", u.next, u.tries))
	d.set(download, d.fleet.now+3*d.pop.TRetry)
}

// serve is the program's answer to a request.
func (d *device) serve(request []byte) {
	fields := bytes.Fields(request)
	if len(fields) != 3 || !d.subscribed {
		return
	}
	if i, err := strconv.Atoi(string(fields[1])); err == nil {
		d.send(i, min(d.pop.OTA.Chunk, d.pop.OTA.Size-i*d.pop.OTA.Chunk))
	}
}

// chunk has arrived.
func (d *device) chunk(i int) {
	u := d.update
	if !u.running || i != u.next {
		return // asked for twice
	}
	u.next++
	if u.next*d.pop.OTA.Chunk < d.pop.OTA.Size {
		d.request()
		return
	}
	u.running, u.done = false, true
	d.alarms[download] = 0
	d.fleet.stats.Downloads.Add(d.fleet.now - u.begun)
}
