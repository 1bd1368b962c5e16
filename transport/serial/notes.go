package serial

import (
	"encoding/hex"
	"errors"
	"log/slog"
	"sync/atomic"

	"snbroker/transport/serial/framing"
)

// LineStats is a snapshot of what is counted of a line beside transport.Stats, where
// ReceiveErrors is all that was no frame: the sum of WrongChecksum to Stray.
type LineStats struct {
	Open     int    // 1: the line is open now
	Lost     uint64 // times that it went away
	Reopened uint64 // times that it came back

	WrongChecksum uint64 // frames
	WrongLength   uint64
	WrongEscape   uint64
	CutOff        uint64 // frames that another one began in, or silence
	Stray         uint64 // pieces between frames, which are no text
	Resynced      uint64 // times that a frame was found after any of these

	Text        uint64 // pieces of text between frames
	Echoes      uint64 // own messages that came back, dropped
	Undelivered uint64 // messages that the radio gave up; among SendErrors
}

type lineCounters struct {
	lost, reopened, wrongChecksum, wrongLength, wrongEscape, cutOff, stray, resynced, text, echoes, undelivered atomic.Uint64
}

// LineStats reads each counter once.
func (l *Link) LineStats() LineStats {
	n := &l.notes
	s := LineStats{
		Lost:          n.lost.Load(),
		Reopened:      n.reopened.Load(),
		WrongChecksum: n.wrongChecksum.Load(),
		WrongLength:   n.wrongLength.Load(),
		WrongEscape:   n.wrongEscape.Load(),
		CutOff:        n.cutOff.Load(),
		Stray:         n.stray.Load(),
		Resynced:      n.resynced.Load(),
		Text:          n.text.Load(),
		Echoes:        n.echoes.Load(),
		Undelivered:   n.undelivered.Load(),
	}
	if l.current() != nil {
		s.Open = 1
	}
	return s
}

// noise counts what was no frame, and fitted into one.
func (n *lineCounters) noise(why error) {
	switch {
	case errors.Is(why, framing.ErrChecksum):
		n.wrongChecksum.Add(1)
	case errors.Is(why, framing.ErrLength):
		n.wrongLength.Add(1)
	case errors.Is(why, framing.ErrEscape):
		n.wrongEscape.Add(1)
	case errors.Is(why, framing.ErrCut):
		n.cutOff.Add(1)
	default:
		n.stray.Add(1)
	}
}

const levelDebug = slog.LevelDebug

// hexOf shows the beginning of octets.
func hexOf(b []byte) string { return hex.EncodeToString(b[:min(len(b), 32)]) }
