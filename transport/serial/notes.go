package serial

import (
	"encoding/hex"
	"log/slog"
	"sync/atomic"
)

// LineStats is a snapshot of what is counted of a line beside transport.Stats.
type LineStats struct {
	Reopened uint64 // times that the line came back
	Text     uint64 // pieces of text between frames
	Echoes   uint64 // own messages that came back, dropped
}

type lineCounters struct{ reopened, text, echoes atomic.Uint64 }

// LineStats reads each counter once.
func (l *Link) LineStats() LineStats {
	return LineStats{Reopened: l.notes.reopened.Load(), Text: l.notes.text.Load(), Echoes: l.notes.echoes.Load()}
}

const levelDebug = slog.LevelDebug

// hexOf shows the beginning of octets.
func hexOf(b []byte) string { return hex.EncodeToString(b[:min(len(b), 32)]) }
