package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"snbroker/firmware-sim/internal/fleet"
	"snbroker/firmware-sim/internal/truth"
)

// shownViolations is how many the text has.
const shownViolations = 12

// Text writes the summary for people.
func (r *Run) Text(w io.Writer) error {
	fmt.Fprintf(w, "%s: %s\n%d devices, %v, seed %d, %s%s\n", r.Scenario, r.About, r.Devices, Short(r.Length), r.Seed, r.World,
		map[bool]string{true: ", interrupted"}[r.Interrupted])
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "\npopulation\tdevices\tsent\tarrived\tagain\tlost\tunsure\tcommands\ttaken\tagain\tlost\tunsure\twills\tmAh a day\tyears\t\n")
	for _, p := range r.Populations {
		fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\n", p.Name, p.Count, direction(p.Up), direction(p.Down), dash(p.Wills.Fired), life(p))
	}
	t.Flush()
	fmt.Fprint(t, "\nlatency\tcount\tp50\tp90\tp99\tp99.9\tlongest\t\n")
	for _, l := range r.Latencies {
		if l.Count() > 0 {
			fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t\n", l.Name, l.Count(), Short(l.At(0.5)), Short(l.At(0.9)), Short(l.At(0.99)), Short(l.At(0.999)), Short(l.Max()))
		}
	}
	t.Flush()
	fmt.Fprintln(w)
	counts(w, "counts", r.Counts)
	counts(w, "sent again", r.Retries)
	for _, v := range r.Verdicts {
		fmt.Fprintf(w, "%s  %s (%s)\n", map[bool]string{true: "ok    ", false: "FAILED"}[v.OK], v.Assertion.Text, v.Assertion.Metric.Format(v.X))
	}
	for i, v := range r.Violations {
		if i == shownViolations {
			fmt.Fprintf(w, "... and %d more\n", r.Broken()-shownViolations)
			break
		}
		fmt.Fprintf(w, "BROKEN  %v\n", v)
	}
	if r.Failure() == nil {
		fmt.Fprintln(w, "All is as promised: nothing lost, repeated or out of order beyond what its QoS allows.")
	}
	return nil
}

func direction(t truth.Totals) string {
	return fmt.Sprintf("%s\t%s\t%s\t%s\t%s", dash(t.Sent), dash(t.Arrived), dash(t.Duplicates), dash(t.Lost+t.Dropped), dash(t.Uncertain))
}

func life(p fleet.Population) string {
	if p.Years == 0 {
		return "-\t-\t"
	}
	return fmt.Sprintf("%.3f\t%.1f\t", p.Split.Sum(), p.Years)
}

func dash(n uint64) string {
	if n == 0 {
		return "-"
	}
	return strconv.FormatUint(n, 10)
}

// counts writes those that are not zero, on a line.
func counts(w io.Writer, name string, all []Count) {
	var parts []string
	for _, c := range all {
		if c.N > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", c.Name, c.N))
		}
	}
	if len(parts) > 0 {
		fmt.Fprintf(w, "%s: %s\n", name, strings.Join(parts, ", "))
	}
}

// Short writes a duration with three digits or so.
func Short(d time.Duration) string {
	switch {
	case d < 10*time.Microsecond:
		return d.String()
	case d < 10*time.Millisecond:
		return d.Round(10 * time.Microsecond).String()
	case d < 10*time.Second:
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}
