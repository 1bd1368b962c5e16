package truth

import (
	"fmt"
	"time"
)

// Will is a device's, as left with the gateway.
type Will struct {
	Device, Topic string
	Totals        *WillTotals
	Retain        bool
	// Lossy: the gateway may take a device for lost whose answers did not reach
	// it, so that only the will of one that has said goodbye is undue.
	Lossy bool

	digest  uint64
	heard   time.Duration // the last sign that the gateway had heard the device
	limit   time.Duration // the silence that was agreed on; 0: no connection
	agreed  time.Duration // limit, when there was a connection that the device has not ended
	again   bool          // the gateway was restarted
	sure    bool          // that both sides take the connection for one
	dueBy   time.Duration // 0: it is not due
	excused time.Duration // until then it may come
}

// WillTotals count wills.
type WillTotals struct{ Due, Fired uint64 }

// NewWill is a will that is not in force yet.
func NewWill(device, topic string, payload []byte, retain bool, totals *WillTotals) *Will {
	return &Will{Device: device, Topic: topic, Totals: totals, Retain: retain, digest: digest(payload)}
}

// tolerance is how much longer than agreed a gateway may wait, at most, and grace
// is what it may take after that. MQTT-SN §7.2
const (
	tolerance = 1.5
	grace     = 5 * time.Second
)

// Heard says that the gateway has answered, what silence is agreed on now, and
// whether the connection stands, or is only being made.
func (w *Will) Heard(now, limit time.Duration, stands bool) {
	w.heard, w.limit, w.sure = now, limit, stands
	if limit > 0 {
		w.agreed = limit
	}
}

// Silent says that the device is gone without a word; the gateway will notice,
// if it has not already.
func (w *Will) Silent(now time.Duration) {
	if w.sure && w.limit > 0 && now <= w.heard+w.limit && w.dueBy == 0 {
		w.dueBy = now + time.Duration(float64(w.limit)*tolerance) + grace
		w.Totals.Due++
	}
}

// Returned says that the device connects afresh. Whether that publishes the
// will of the connection before is the gateway's choice, if it still held.
func (w *Will) Returned(l *Ledger, now time.Duration) {
	w.missing(l, now)
	w.excused = now + grace
}

// Restarted says that the gateway was, or will be at once: it may begin to wait anew.
// A device that it sent away meanwhile may be lost to it when it is back.
func (w *Will) Restarted(now time.Duration) {
	w.again = true
	if w.dueBy > 0 {
		w.dueBy = max(w.dueBy, now+time.Duration(float64(w.limit)*tolerance)+grace)
	}
}

// Left says that the device said goodbye: the will is void.
func (w *Will) Left() { w.limit, w.agreed, w.dueBy, w.excused = 0, 0, 0, 0 }

// DueBy is until when it is waited for; 0 if it is not.
func (w *Will) DueBy() time.Duration { return w.dueBy }

// Finish judges a will that is due when nothing more can come.
func (w *Will) Finish(l *Ledger, now time.Duration) { w.missing(l, now) }

func (w *Will) missing(l *Ledger, now time.Duration) {
	if w.dueBy > 0 && now > w.dueBy {
		l.Report(Violation{Rule: WillDue, At: now, Device: w.Device, Topic: w.Topic,
			Text: fmt.Sprintf("was silent since %v and promised a sign every %v, but its will was not published by %v",
				round(w.heard), w.limit, round(w.dueBy))})
	}
	w.dueBy = 0
}

func (w *Will) arrived(l *Ledger, now time.Duration) {
	w.Totals.Fired++
	if w.Retain {
		l.keep(w.Topic, w.digest)
	}
	w.sure = false
	switch {
	case w.dueBy > 0, w.limit > 0 && (w.Lossy || now >= w.heard+w.limit):
		w.dueBy = 0
	case w.again && w.limit == 0 && w.agreed > 0 && now >= w.heard+w.agreed:
	case now < w.excused:
		w.excused = 0
	default:
		l.Report(Violation{Rule: WillUndue, At: now, Device: w.Device, Topic: w.Topic,
			Text: fmt.Sprintf("its will was published, though it was heard at %v and promised a sign every %v", round(w.heard), w.limit)})
	}
}
