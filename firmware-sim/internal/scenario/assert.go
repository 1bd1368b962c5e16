package scenario

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Metric is a result that a scenario can demand.
type Metric struct {
	Name  string
	Unit  Unit
	About string
}

// Unit is how a metric is written.
type Unit uint8

const (
	Count Unit = iota
	Seconds
	Ratio // a number from 0 to 1, or per cent
	Number
)

// Metrics are all there are.
var Metrics = []Metric{
	{"violations", Count, "broken rules of any kind"},
	{"loss", Count, "messages that were acknowledged and never arrived"},
	{"duplicates", Count, "messages that arrived again, though QoS 1 allows that"},
	{"dropped", Count, "messages of QoS 0 and -1 that did not arrive"},
	{"refused", Count, "messages that the gateway refused"},
	{"uncertain", Count, "messages neither acknowledged nor arrived, their device having stopped"},
	{"delivered", Ratio, "messages that arrived, of those sent"},
	{"sent", Count, "messages that devices sent"},
	{"commands", Count, "commands that devices got"},
	{"rate", Number, "messages a second that arrived, both ways"},
	{"retries", Count, "requests sent again for want of an answer"},
	{"give_ups", Count, "connections given up for want of an answer"},
	{"p50", Seconds, "from the device to the program, the median"},
	{"p99", Seconds, "from the device to the program, 99 of 100"},
	{"p999", Seconds, "from the device to the program, 999 of 1000"},
	{"acknowledged", Seconds, "from publish to acknowledgement, 99 of 100"},
	{"command", Seconds, "from the program to the device, 99 of 100"},
	{"answer", Seconds, "from a command to its answer at the program, 99 of 100"},
	{"connect", Seconds, "from CONNECT to CONNACK, 99 of 100"},
	{"wake_flush", Seconds, "from a sleeper's PINGREQ to PINGRESP, 99 of 100"},
	{"download", Seconds, "of an update, the longest"},
	{"downloads", Count, "updates that were completed"},
	{"wills", Count, "wills that were published"},
	{"battery", Number, "years that the batteries last, in the population that is first"},
}

// Assertion is a demand.
type Assertion struct {
	Metric Metric
	Op     string // one of = != < <= > >=
	Value  float64
	Text   string // as written
}

var operators = []string{"<=", ">=", "!=", "<", ">", "="}

// ParseAssertion reads one: a number that the metric must be, or a text with an
// operator, as in "< 2s", ">= 99.9%".
func ParseAssertion(name string, value any) (Assertion, error) {
	i := slices.IndexFunc(Metrics, func(m Metric) bool { return m.Name == name })
	if i < 0 {
		text := "there is no metric " + name
		if near := nearest("assert." + name); near != "" {
			text += "; did you mean " + near + "?"
		}
		return Assertion{}, fmt.Errorf("%s", text)
	}
	a := Assertion{Metric: Metrics[i], Op: "="}
	text := fmt.Sprint(value)
	for _, op := range operators {
		if rest, ok := strings.CutPrefix(text, op); ok {
			a.Op, text = op, rest
			break
		}
	}
	text = strings.TrimSpace(text)
	a.Text = name + " " + a.Op + " " + text
	var err error
	switch a.Metric.Unit {
	case Seconds:
		var d time.Duration
		if d, err = time.ParseDuration(text); err == nil {
			a.Value = d.Seconds()
		}
	case Ratio:
		part, isPercent := strings.CutSuffix(text, "%")
		if a.Value, err = strconv.ParseFloat(strings.TrimSpace(part), 64); isPercent {
			a.Value /= 100
		}
	default:
		a.Value, err = strconv.ParseFloat(text, 64)
	}
	if err != nil {
		return Assertion{}, fmt.Errorf("%q is not %s", text, a.Metric.Unit)
	}
	return a, nil
}

func (u Unit) String() string {
	return [4]string{"a number, as in 0", `a duration, as in "< 2s"`, `a part, as in ">= 99.9%"`, `a number, as in ">= 5"`}[u]
}

// Holds tells whether a value is as demanded.
func (a Assertion) Holds(x float64) bool {
	switch a.Op {
	case "<":
		return x < a.Value
	case "<=":
		return x <= a.Value
	case ">":
		return x > a.Value
	case ">=":
		return x >= a.Value
	case "!=":
		return x != a.Value
	}
	return x == a.Value
}

// Format writes a value of the metric.
func (m Metric) Format(x float64) string {
	switch m.Unit {
	case Seconds:
		d := time.Duration(x * float64(time.Second))
		if d > time.Second {
			return d.Round(10 * time.Millisecond).String()
		}
		return d.Round(10 * time.Microsecond).String()
	case Ratio:
		return strconv.FormatFloat(100*x, 'f', 3, 64) + "%"
	case Number:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 0, 64)
}
