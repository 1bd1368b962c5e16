package dtls

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/pion/logging"
)

// pionLog is one logger for all of pion's connections. What pion finds worth a
// warning, a datagram of an attacker has caused, as a rule; so all of it is
// debugging.
type pionLog struct{ log *slog.Logger }

func (p pionLog) NewLogger(string) logging.LeveledLogger { return p }

func (p pionLog) say(format string, args ...any) {
	if p.log.Enabled(context.Background(), slog.LevelDebug) {
		p.log.Debug("dtls: " + fmt.Sprintf(format, args...))
	}
}

func (p pionLog) Trace(string)                      {}
func (p pionLog) Tracef(string, ...any)             {}
func (p pionLog) Debug(msg string)                  { p.say("%s", msg) }
func (p pionLog) Debugf(format string, args ...any) { p.say(format, args...) }
func (p pionLog) Info(msg string)                   { p.say("%s", msg) }
func (p pionLog) Infof(format string, args ...any)  { p.say(format, args...) }
func (p pionLog) Warn(msg string)                   { p.say("%s", msg) }
func (p pionLog) Warnf(format string, args ...any)  { p.say(format, args...) }
func (p pionLog) Error(msg string)                  { p.say("%s", msg) }
func (p pionLog) Errorf(format string, args ...any) { p.say(format, args...) }

// seldom lets one through in a second: limits are reached by the thousand.
type seldom struct{ last atomic.Int64 }

func (s *seldom) ok(now time.Time) bool {
	last := s.last.Load()
	return now.UnixNano()-last >= int64(time.Second) && s.last.CompareAndSwap(last, now.UnixNano())
}
