package crash

import "fmt"

// wills knows of each connection's will whether it has to be published. The
// world's lock guards it.
type wills struct {
	fates   map[string]fate
	leaving map[string]int // clean ends that may not be on the disk yet, and when they were
}

type fate uint8

const (
	perhaps fate = iota // published or not, but not twice
	alive               // the client is connected
	once                // lost: has to be published
	never               // left with DISCONNECT
)

func willKey(client string, connection int) string { return fmt.Sprintf("%s %d", client, connection) }

// connected notes that the program has accepted a client with a will.
func (w *world) connected(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wills.fates[key] = alive
}

// lost notes that a client was lost while connected.
func (w *world) lost(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wills.fates[key] = once
}

// left notes that a client has ended its connection with DISCONNECT. Nobody
// acknowledges that, so it counts when something later is acknowledged.
func (w *world) left(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wills.fates[key] = perhaps
	w.wills.leaving[key] = w.order
}

// leftSurely is left, of a client that was told so.
func (w *world) leftSurely(key string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wills.fates[key] = never
}

// flushed is told that what was begun up to order is on the disk.
func (l *wills) flushed(order int) {
	for key, at := range l.leaving {
		if at < order {
			l.fates[key] = never
			delete(l.leaving, key)
		}
	}
}

// crashed forgets about ends that may have been lost.
func (l *wills) crashed() { clear(l.leaving) }

// missing returns a will that a has not got, or "".
func (l *wills) missing(a *audience) string {
	for key, f := range l.fates {
		if f == once && a.wills[key] == 0 {
			return key
		}
	}
	return ""
}

// wrong returns a will that a should not have got, or "".
func (l *wills) wrong(a *audience) string {
	for key := range a.wills {
		if l.fates[key] == never {
			return key
		}
	}
	return ""
}
