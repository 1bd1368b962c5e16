package serial

import (
	"bytes"
	"log/slog"
	"time"
)

// console logs what firmware prints.
type console struct {
	log        *slog.Logger
	second     time.Time
	said       int
	suppressed int
}

const (
	linesASecond = 10
	longestLine  = 200
)

// text logs text, a line each, and no more than linesASecond of them: a firmware
// that restarts for ever must not fill a disk.
func (c *console) text(b []byte) {
	for line := range bytes.Lines(b) {
		s := clean(line)
		if s == "" {
			continue
		}
		now := time.Now()
		if now.Sub(c.second) >= time.Second {
			c.second, c.said = now, 0
		}
		if c.said == linesASecond {
			c.suppressed++
			continue
		}
		c.said++
		if c.suppressed > 0 {
			c.log.Info("console", "text", s, "not_logged_before", c.suppressed)
			c.suppressed = 0
			continue
		}
		c.log.Info("console", "text", s)
	}
}

// clean leaves nothing that a terminal would act on: escape sequences go, other
// control characters become spaces.
func clean(line []byte) string {
	out := make([]byte, 0, min(len(line), longestLine))
	for i := 0; i < len(line) && len(out) < longestLine; i++ {
		switch c := line[i]; {
		case c == '\x1b' && i+1 < len(line) && line[i+1] == '[':
			for i += 2; i < len(line) && (line[i] < '@' || line[i] > '~'); i++ {
			}
		case ' ' <= c && c <= '~':
			out = append(out, c)
		case c != '\x1b':
			out = append(out, ' ')
		}
	}
	return string(bytes.TrimSpace(out))
}
