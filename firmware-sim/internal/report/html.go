package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"time"

	"snbroker/firmware-sim/internal/fleet"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"short": Short,
	"dash":  dash,
	"lost":  func(a, b uint64) uint64 { return a + b },
	"years": func(x float64) string {
		if x == 0 {
			return "–"
		}
		return fmt.Sprintf("%.1f", x)
	},
	"mAh": func(x float64) string { return fmt.Sprintf("%.3f", x) },
}).Parse(pageText))

// chart is one with its heading.
type chart struct {
	Title, About string
	SVG          template.HTML
}

// HTML writes a page of its own: no scripts, nothing from elsewhere.
func (r *Run) HTML(w io.Writer) error {
	return page.Execute(w, struct {
		*Run
		Charts []chart
	}{r, r.charts()})
}

func (r *Run) charts() (all []chart) {
	add := func(title, about string, svg template.HTML) { all = append(all, chart{title, about, svg}) }
	if len(r.Points) > 0 {
		r.overTime(add)
	}
	for _, l := range r.Latencies {
		if l.Count() == 0 {
			continue
		}
		var labels []string
		var values []float64
		for _, b := range l.Bars() {
			labels = append(labels, span(b.From.Seconds()))
			values = append(values, float64(b.Count))
		}
		add("Latency: "+l.Name, l.About, columns("Latency: "+l.Name, labels, values))
	}
	if c := r.batteries(); c != "" {
		add("Battery", "mAh a day by what they are spent on, a device of each population", c)
	}
	if len(r.Retries) > 0 {
		var bars []row
		for _, c := range r.Retries {
			bars = append(bars, row{c.Name, []float64{float64(c.N)}, dash(c.N)})
		}
		add("Sent again", "requests whose answer did not come in time", rows("Sent again", bars, nil))
	}
	if len(r.Slowest) > 0 {
		var bars []row
		for _, d := range r.Slowest {
			bars = append(bars, row{d.ID, []float64{d.Mean().Seconds(), (d.Worst - d.Mean()).Seconds()}, Short(d.Worst)})
		}
		add("Slowest devices", "the longest way of a message to the program, and the average", rows("Slowest devices", bars, []string{"average", "longest"}))
	}
	return all
}

func (r *Run) overTime(add func(title, about string, svg template.HTML)) {
	step := r.Step.Seconds()
	seconds := step * float64(len(r.Points))
	arrived, commands, again := line{name: "messages"}, line{name: "commands"}, line{name: "sent again"}
	p50, p99 := line{name: "half"}, line{name: "99 of 100"}
	var states []line
	for s := range fleet.States {
		states = append(states, line{name: s.String()})
	}
	most, slow, fast := 0.0, 0.0, 0.0
	for _, p := range r.Points {
		arrived.values = append(arrived.values, float64(p.Arrived)/step)
		commands.values = append(commands.values, float64(p.Commands)/step)
		again.values = append(again.values, float64(p.Retries)/step)
		most = max(most, float64(p.Arrived)/step, float64(p.Commands)/step, float64(p.Retries)/step)
		p50.values = append(p50.values, p.P50.Seconds())
		p99.values = append(p99.values, p.P99.Seconds())
		slow = max(slow, p.P99.Seconds())
		if x := p.P50.Seconds(); x > 0 && (fast == 0 || x < fast) {
			fast = x
		}
		for s := range states {
			states[s].values = append(states[s].values, float64(p.States[s]))
		}
	}
	add("Throughput", "messages that arrived at the program, commands that arrived at devices, and requests sent again, a second",
		lines("Throughput", linear(most), whole, seconds, arrived, commands, again))
	add("Latency over time", "from devices to the program",
		lines("Latency over time", logarithmic(fast, slow), span, seconds, p50, p99))
	add("States", "what devices were doing", stacked("States", seconds, seen(states)...))
}

// seen leaves out what never was.
func seen(all []line) (some []line) {
	for _, l := range all {
		for _, v := range l.values {
			if v > 0 {
				some = append(some, l)
				break
			}
		}
	}
	return some
}

func (r *Run) batteries() template.HTML {
	var bars []row
	for _, p := range r.Populations {
		if p.Years > 0 {
			s := p.Split
			bars = append(bars, row{p.Name, []float64{s.Transmit, s.Receive, s.Wait, s.Idle, s.Sleep, s.Wake},
				fmt.Sprintf("%.1f years", p.Years)})
		}
	}
	if bars == nil {
		return ""
	}
	return rows("Battery", bars, []string{"transmit", "receive", "wait", "idle", "sleep", "wake"})
}

// Verdict is the page's first word.
func (r *Run) Verdict() string {
	if err := r.Failure(); err != nil {
		return "Failed: " + err.Error()
	}
	return "All is as promised"
}

// OK is whether the run has passed.
func (r *Run) OK() bool { return r.Failure() == nil }

// Lasted is the run's length.
func (r *Run) Lasted() time.Duration { return r.Length.Round(time.Second / 10) }
