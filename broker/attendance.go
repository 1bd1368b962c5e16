package broker

import "sync/atomic"

// attendance counts who is attached.
type attendance struct {
	attached atomic.Int64
	changed  atomic.Pointer[func()]
}

// Attached returns how many sessions have a connection. It takes no lock.
func (b *Broker) Attached() int { return int(b.attendance.attached.Load()) }

// OnPresence has changed called when the first client attaches, and when the last
// one has left. It is called with locks held, so that it must neither wait nor call
// back.
func (b *Broker) OnPresence(changed func()) { b.attendance.changed.Store(&changed) }

func (p *attendance) come() {
	if p.attached.Add(1) == 1 {
		p.tell()
	}
}

func (p *attendance) leave() {
	if p.attached.Add(-1) == 0 {
		p.tell()
	}
}

func (p *attendance) tell() {
	if changed := p.changed.Load(); changed != nil {
		(*changed)()
	}
}
