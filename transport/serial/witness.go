package serial

import (
	"fmt"
	"log/slog"

	"snbroker/transport/serial/framing"
)

// witness keeps what comes while no message does, and says what that looks like:
// another framing, nothing but text, another rate.
type witness struct {
	cfg     *Config
	checked bool // messages are proved by a checksum
	log     *slog.Logger
	sample  []byte
	noises  int // in the sample
	texts   int
	found   bool // a message, some time: what comes now is not all wrong
	looks   int  // for another framing, in messages without a checksum
	looked  int  // so many octets, at the last silence
	told    bool
}

const (
	sampleSize = 2 << 10
	// After so much of it, and no message, it is worth telling; a line that has
	// been good may be disturbed for a while.
	enoughNoise  = 3
	muchNoise    = 30
	enoughText   = 50
	enoughOctets = 40
	enoughLooks  = 3
)

func (w *witness) saw(octets []byte) {
	if !w.told {
		w.sample = append(w.sample, octets[:min(len(octets), sampleSize-len(w.sample))]...)
	}
}

func (w *witness) noise() { w.noises++ }
func (w *witness) text()  { w.texts++ }

// message ends the suspicion, and lets a new one begin. Without a checksum it
// proves nothing: it may be the inside of another framing's frames.
func (w *witness) message() {
	w.found = true
	if w.checked || w.looks >= enoughLooks {
		w.begin()
	}
}

func (w *witness) begin() {
	w.sample, w.noises, w.texts, w.told, w.looked = w.sample[:0], 0, 0, false, 0
}

// silence is a time to look at little: a framing that waits for its flag finds
// neither messages nor noise in what is of another.
func (w *witness) silence() {
	w.judge()
	if w.told || w.found || len(w.sample) < w.looked+enoughOctets {
		return
	}
	w.looked = len(w.sample)
	if name, unescaped := other(w.cfg, w.sample, false); name != "" {
		w.tell(advise(name, unescaped))
	}
}

// judge tells once, when there is enough to go by.
func (w *witness) judge() {
	if w.told {
		return
	}
	if w.found && !w.checked {
		w.doubt()
		return
	}
	enough := enoughNoise
	if w.found {
		enough = muchNoise
	}
	if len(w.sample) < enoughOctets || w.noises < enough && w.texts < enoughText && len(w.sample) < sampleSize {
		return
	}
	w.tell(verdict(w.cfg, w.sample))
}

// doubt looks for a framing with a checksum in what makes messages without one,
// a few times.
func (w *witness) doubt() {
	if len(w.sample) < enoughOctets*4 || w.looks >= enoughLooks {
		return
	}
	if name, unescaped := other(w.cfg, w.sample, true); name != "" {
		w.tell(advise(name, unescaped))
		return
	}
	w.looks++
	w.begin()
}

func (w *witness) tell(what string) {
	w.told = true
	w.log.Warn("octets come, but they are no messages: "+what, "framing", w.cfg.Framing, "begin", hexOf(w.sample))
	w.sample = nil
}

// verdict says what a sample looks like.
func verdict(cfg *Config, sample []byte) string {
	if name, unescaped := other(cfg, sample, false); name != "" {
		return advise(name, unescaped)
	}
	printed := 0
	for _, c := range sample {
		if framing.IsText([]byte{c}) {
			printed++
		}
	}
	if printed*100 >= 95*len(sample) {
		return "nothing but text: the firmware prints, and sends no frames, or another serial port of the board has them"
	}
	return fmt.Sprintf("they fit no framing: is %d baud (%s) what the device has? Else look at the wiring: ground, and RX and TX crossed", cfg.Baud, cfg.Mode)
}

// other finds another framing that a sample is in, those with a checksum first:
// the others see messages inside of their frames. checked asks for these alone.
func other(cfg *Config, sample []byte, checked bool) (name string, unescaped bool) {
	for _, proved := range []bool{true, false} {
		if checked && !proved {
			break
		}
		for _, name := range framing.Names() {
			for _, unescaped := range []bool{false, true} {
				if unescaped && name != "xbee" || name == cfg.Framing && unescaped == cfg.Unescaped {
					continue
				}
				if looksLike(name, framing.Options{Unescaped: unescaped}, sample, proved) {
					return name, unescaped
				}
			}
		}
	}
	return "", false
}

func advise(name string, unescaped bool) string {
	if name != "xbee" {
		return fmt.Sprintf("they look like frames of %s: set framing = %q", name, name)
	}
	mode := 2
	if unescaped {
		mode = 1
	}
	return fmt.Sprintf("they look like frames of xbee in API mode %d: set framing = \"xbee\" and xbee_api = %[1]d", mode)
}

// looksLike tells whether a sample has MQTT-SN messages in a framing: two, for
// one may be chance, and each from its first octet to its last.
func looksLike(name string, o framing.Options, sample []byte, checked bool) bool {
	f, err := framing.New(name, o)
	if err != nil || checked && !f.Checked {
		return false
	}
	messages := 0
	for {
		n, e := f.Next(sample)
		sample = sample[n:]
		switch {
		case e.Kind == framing.None:
			return messages >= 2
		case e.Kind == framing.Message && framing.Whole(e.Data):
			messages++
		}
	}
}
