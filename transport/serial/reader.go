package serial

import (
	"hash/maphash"
	"strings"
	"time"

	"snbroker/transport"
	"snbroker/transport/serial/framing"
)

// reader is what belongs to Serve's goroutine.
type reader struct {
	l       *Link
	buf     []byte
	arena   []byte // messages of the batch
	batch   []transport.Datagram
	nodes   map[string]string // addresses seen, so that none is allocated twice
	good    bool              // the line was open
	silent  bool              // the decoder has been told
	noisy   bool              // what came last was no frame
	stuck   bool              // the writer was, when last looked at
	problem string            // why the line is away, as logged
	console console
	witness witness
}

const (
	readSize = 4 << 10
	// mostNodes is how many addresses are kept; then all are learned again.
	mostNodes = 4096
)

func (r *reader) init(l *Link) {
	r.l = l
	r.buf = make([]byte, readSize)
	r.arena = make([]byte, 0, readSize+2*l.framing.MTU)
	r.batch = make([]transport.Datagram, 0, batch)
	r.nodes = make(map[string]string)
	r.console = console{log: l.log}
	r.witness = witness{cfg: &l.cfg, checked: l.framing.Checked, log: l.log}
}

// failed logs why the line cannot be opened, once for each reason.
func (r *reader) failed(err error) {
	if text := err.Error(); text != r.problem {
		r.problem = text
		r.l.log.Warn("the serial line cannot be opened; trying again", "error", err)
	}
}

// read reads until the line is gone, or Close. It tells whether the line was good
// for something.
func (r *reader) read(port Port, to transport.Receiver) (useful bool) {
	l := r.l
	if r.good {
		l.notes.reopened.Add(1)
	}
	r.good, r.problem = true, ""
	l.log.Info("the serial line is open", "framing", l.framing.Name)
	r.warnOfHolders()
	begun := time.Now()
	r.hush(to) // what was cut off when it went away
	for {
		waited := time.Now()
		n, err := port.Read(r.buf)
		now := time.Now()
		if l.ctx.Err() != nil {
			return true
		}
		r.watchWriter(now)
		// What waited for us in the kernel says nothing about the line.
		if !r.silent && now.Sub(waited) >= l.cfg.silence() {
			r.hush(to)
		}
		if n > 0 {
			useful = true
			r.silent = false
			r.witness.saw(r.buf[:n])
			r.decode(r.buf[:n], to)
			r.witness.judge()
		}
		if err != nil {
			l.notes.lost.Add(1)
			l.log.Warn("the serial line is gone; sessions stay, and it is opened again when it is back", "error", err)
			if port := l.down(); port != nil {
				_ = port.Close()
			}
			return useful || now.Sub(begun) > reopenMost
		}
	}
}

// hush tells the decoder that the line is silent.
func (r *reader) hush(to transport.Receiver) {
	r.silent = true
	r.l.framing.Silence()
	r.decode(nil, to)
	r.witness.silence()
}

// discard takes text out of octets, and drops the rest.
func (r *reader) discard(octets []byte) {
	if r.l.cfg.Console && framing.IsText(octets) {
		r.console.text(octets)
	}
}

// decode gives octets to the framing and what it finds to the receiver.
func (r *reader) decode(octets []byte, to transport.Receiver) {
	for {
		n, e := r.l.framing.Next(octets)
		octets = octets[n:]
		switch e.Kind {
		case framing.None:
			r.deliver(to)
			return
		case framing.Message:
			r.message(e, to)
		case framing.Noise:
			r.noise(e)
		case framing.Answer:
			r.answer(e)
		}
	}
}

func (r *reader) message(e framing.Event, to transport.Receiver) {
	l := r.l
	r.witness.message()
	if r.noisy {
		r.noisy = false
		l.notes.resynced.Add(1)
	}
	if l.cfg.Echo && l.echoes.returned(maphash.Bytes(seed, e.Data)) {
		l.notes.echoes.Add(1)
		return
	}
	if len(r.batch) == cap(r.batch) || len(r.arena)+len(e.Data) > cap(r.arena) {
		r.deliver(to)
	}
	from := len(r.arena)
	r.arena = append(r.arena, e.Data...)
	l.counters.DatagramsIn.Add(1)
	l.counters.BytesIn.Add(uint64(len(e.Data)))
	r.batch = append(r.batch, transport.Datagram{
		From: transport.Addr{Node: r.node(e.Node)},
		Data: r.arena[from:len(r.arena):len(r.arena)],
	})
}

func (r *reader) deliver(to transport.Receiver) {
	if len(r.batch) > 0 {
		to.Receive(r.l, r.batch)
	}
	r.batch, r.arena = r.batch[:0], r.arena[:0]
}

// node is an address as a string that stays.
func (r *reader) node(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	s, ok := r.nodes[string(b)]
	if !ok {
		if len(r.nodes) == mostNodes {
			clear(r.nodes)
		}
		s = strings.Clone(string(b))
		r.nodes[s] = s
	}
	return s
}

func (r *reader) noise(e framing.Event) {
	l := r.l
	switch {
	case framing.IsText(e.Data):
		l.notes.text.Add(1)
		r.witness.text()
		if l.cfg.Console {
			r.console.text(e.Data)
		}
		return
	case e.Err == framing.ErrTooLong:
		l.counters.Oversized.Add(1)
	default:
		l.counters.ReceiveErrors.Add(1)
		l.notes.noise(e.Err)
	}
	r.noisy = true
	r.witness.noise()
	if l.log.Enabled(l.ctx, levelDebug) {
		l.log.Debug("octets that are no frame", "why", e.Err, "octets", len(e.Data), "begin", hexOf(e.Data))
	}
}

func (r *reader) answer(e framing.Event) {
	l := r.l
	if e.Err != nil {
		l.counters.SendErrors.Add(1)
		l.notes.undelivered.Add(1)
		l.log.Debug("a message was lost", "error", e.Err)
	}
	select {
	case l.answered <- struct{}{}:
	default:
	}
}

// stuckAfter is longer than the slowest line takes for the longest frame.
const stuckAfter = 30 * time.Second

// watchWriter tells, once until it is over, that the line takes nothing.
func (r *reader) watchWriter(now time.Time) {
	l := r.l
	since := time.Duration(l.writing.Load())
	stuck := since > 0 && now.Sub(l.begun)-since > stuckAfter
	if stuck && !r.stuck {
		l.log.Warn("the serial line takes nothing, and messages are dropped: with rtscts = true the other end must raise CTS; is it wired, and on?", "rtscts", l.cfg.RTSCTS)
	}
	r.stuck = stuck
}

// warnOfHolders names those who would take octets from this line.
func (r *reader) warnOfHolders() {
	l := r.l
	if _, tcp := TCP(l.cfg.Device); tcp || l.cfg.OpenPort != nil || pseudo(l.cfg.Device) {
		return
	}
	if programs := holders(l.cfg.Device); len(programs) > 0 {
		l.log.Warn("others have the serial line open, too, and take what was meant for this program: stop them", "programs", inWords(programs))
	}
}
