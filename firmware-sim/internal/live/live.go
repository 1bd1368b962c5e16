// Package live shows a run while it goes on: a block that is drawn again and
// again on a terminal, and a line now and then elsewhere.
package live

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"snbroker/firmware-sim/internal/fleet"
	"snbroker/firmware-sim/internal/report"
)

// View is where it is shown.
type View struct {
	w      io.Writer
	draws  bool // the cursor may be moved
	width  int
	height int // of what is on the screen now
	before snapshot
	next   time.Duration // when the next line is due, where nothing is drawn
}

// How often a block is drawn, and a line written.
const (
	Often  = 250 * time.Millisecond
	Seldom = 5 * time.Second
)

// New looks at the writer and the environment: on a terminal it draws, unless
// NO_COLOR or CI is set.
func New(w io.Writer, getenv func(string) string) *View {
	v := &View{w: w, width: 80}
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || getenv("NO_COLOR") != "" || getenv("CI") != "" || getenv("TERM") == "dumb" {
		return v
	}
	v.draws = true
	if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 20 {
		v.width = n
	}
	return v
}

// snapshot is what is shown.
type snapshot struct {
	now, until        time.Duration
	states            [fleet.States]int64
	up, down          uint64
	arrived, commands uint64
	retries, broken   uint64
	lost              uint64
	p50, p99, p999    time.Duration
	ack99, wake99     time.Duration
}

func look(f *fleet.Fleet) snapshot {
	s := f.Stats()
	n := snapshot{
		now: f.Now(), until: f.Until(), states: s.States, up: s.Up, down: s.Down, arrived: s.Arrived, commands: s.Commands,
		retries: s.Repeated(), broken: f.Ledger().Broken(),
		p50: s.EndToEnd.At(0.5), p99: s.EndToEnd.At(0.99), p999: s.EndToEnd.At(0.999),
		ack99: s.Acknowledged.At(0.99), wake99: s.WakeFlush.At(0.99),
	}
	for _, l := range s.Lost {
		n.lost += l
	}
	return n
}

// Show shows how a fleet is doing, of which it has the turn.
func (v *View) Show(f *fleet.Fleet) {
	if !v.draws && f.Now() < v.next {
		return
	}
	v.next = f.Now() + Seldom
	n := look(f)
	passed := max((n.now - v.before.now).Seconds(), 1e-3)
	rate := func(now, before uint64) float64 { return float64(now-before) / passed }
	in, out := rate(n.arrived, v.before.arrived), rate(n.commands, v.before.commands)
	datagrams := rate(n.up+n.down, v.before.up+v.before.down)
	v.before = n
	if !v.draws {
		fmt.Fprintf(v.w, "%6s of %s: %s; %.0f messages/s, %.0f commands/s, p99 %s, %d sent again, %d broken\n",
			report.Short(n.now.Truncate(time.Second)), report.Short(n.until), states(n.states), in, out, report.Short(n.p99), n.retries, n.broken)
		return
	}
	v.draw([]string{
		bar(n, v.width),
		"devices   " + states(n.states),
		fmt.Sprintf("rates     %.0f messages/s  %.0f commands/s  %.0f datagrams/s", in, out, datagrams),
		fmt.Sprintf("latency   p50 %s  p99 %s  p99.9 %s   acknowledged p99 %s   wake p99 %s",
			report.Short(n.p50), report.Short(n.p99), report.Short(n.p999), report.Short(n.ack99), report.Short(n.wake99)),
		fmt.Sprintf("trouble   %d sent again  %d lost on the air  %s", n.retries, n.lost, broken(n.broken)),
	})
}

func broken(n uint64) string {
	if n == 0 {
		return "\x1b[32mno rule broken\x1b[0m"
	}
	return fmt.Sprintf("\x1b[31m%d times a rule broken\x1b[0m", n)
}

func states(counts [fleet.States]int64) string {
	var parts []string
	for s, n := range counts {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, fleet.State(s)))
		}
	}
	return strings.Join(parts, ", ")
}

// bar is how far the run is, and what time is left.
func bar(n snapshot, width int) string {
	if n.now >= n.until {
		return fmt.Sprintf("waiting for what is under way, %s after the end", report.Short((n.now - n.until).Truncate(time.Second)))
	}
	const text = 24
	cells := min(max(10, width-text-10), 50)
	done := int(int64(cells) * int64(n.now) / int64(max(n.until, 1)))
	return fmt.Sprintf("[%s%s] %3d%%, %s left", strings.Repeat("#", done), strings.Repeat(".", cells-done),
		100*n.now/max(n.until, 1), report.Short((n.until - n.now).Truncate(time.Second)))
}

// draw replaces what is on the screen. Longer lines than fit would break it.
func (v *View) draw(lines []string) {
	var b strings.Builder
	if v.height > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", v.height)
	}
	for _, l := range lines {
		if r := []rune(l); !strings.Contains(l, "\x1b") && len(r) >= v.width {
			l = string(r[:v.width-1])
		}
		b.WriteString("\r\x1b[2K" + l + "\n")
	}
	v.height = len(lines)
	io.WriteString(v.w, b.String())
}
