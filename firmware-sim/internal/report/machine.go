package report

import (
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"

	"snbroker/firmware-sim/internal/fleet"
	"snbroker/firmware-sim/internal/truth"
)

// JSON writes what a program may want to read. Times are in seconds.
func (r *Run) JSON(w io.Writer) error {
	type population struct {
		Name       string       `json:"name"`
		Devices    int          `json:"devices"`
		Up         truth.Totals `json:"up"`
		Down       truth.Totals `json:"down"`
		WillsDue   uint64       `json:"wills_due"`
		WillsFired uint64       `json:"wills_fired"`
		Daily      float64      `json:"mah_a_day"`
		Years      float64      `json:"battery_years"`
	}
	type demand struct {
		Demand string  `json:"demand"`
		Value  float64 `json:"value"`
		OK     bool    `json:"ok"`
	}
	out := struct {
		Scenario    string             `json:"scenario"`
		Devices     int                `json:"devices"`
		Seed        uint64             `json:"seed"`
		World       string             `json:"world"`
		Seconds     float64            `json:"seconds"`
		Interrupted bool               `json:"interrupted"`
		OK          bool               `json:"ok"`
		Failure     string             `json:"failure,omitempty"`
		Metrics     map[string]float64 `json:"metrics"`
		Demands     []demand           `json:"demands"`
		Rules       map[string]uint64  `json:"rules_broken"`
		Violations  []string           `json:"violations"`
		Populations []population       `json:"populations"`
		Counts      map[string]uint64  `json:"counts"`
		Retries     map[string]uint64  `json:"retries"`
	}{
		Scenario: r.Scenario, Devices: r.Devices, Seed: r.Seed, World: r.World, Seconds: r.Length.Seconds(), Interrupted: r.Interrupted,
		Metrics: make(map[string]float64), Demands: []demand{}, Rules: make(map[string]uint64), Violations: []string{},
		Counts: make(map[string]uint64), Retries: make(map[string]uint64),
	}
	if err := r.Failure(); err != nil {
		out.Failure = err.Error()
	} else {
		out.OK = true
	}
	for _, v := range r.Metrics {
		out.Metrics[v.Metric.Name] = v.X
	}
	for _, v := range r.Verdicts {
		out.Demands = append(out.Demands, demand{v.Assertion.Text, v.X, v.OK})
	}
	for _, b := range r.Rules {
		out.Rules[b.Rule.String()] = b.Count
	}
	for _, v := range r.Violations {
		out.Violations = append(out.Violations, v.String())
	}
	for _, p := range r.Populations {
		out.Populations = append(out.Populations, population{p.Name, p.Count, p.Up, p.Down, p.Wills.Due, p.Wills.Fired, p.Split.Sum(), p.Years})
	}
	for _, c := range r.Counts {
		out.Counts[c.Name] = c.N
	}
	for _, c := range r.Retries {
		out.Retries[c.Name] = c.N
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

// JUnit writes a test case for each rule and each demand, for build servers.
func (r *Run) JUnit(w io.Writer) error {
	type failure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
	type testcase struct {
		Class   string   `xml:"classname,attr"`
		Name    string   `xml:"name,attr"`
		Time    float64  `xml:"time,attr"`
		Failure *failure `xml:"failure"`
	}
	type suite struct {
		XMLName  xml.Name   `xml:"testsuite"`
		Name     string     `xml:"name,attr"`
		Tests    int        `xml:"tests,attr"`
		Failures int        `xml:"failures,attr"`
		Time     float64    `xml:"time,attr"`
		Cases    []testcase `xml:"testcase"`
	}
	s := suite{Name: "firmware-sim." + r.Scenario, Time: r.Length.Seconds()}
	add := func(name string, f *failure) {
		s.Cases = append(s.Cases, testcase{s.Name, name, 0, f})
		s.Tests++
		if f != nil {
			s.Failures++
		}
	}
	if r.Err != nil {
		add("run", &failure{Message: r.Err.Error()})
	}
	for _, b := range r.Rules {
		var f *failure
		if b.Count > 0 {
			f = &failure{Message: fmt.Sprintf("broken %d times (%s)", b.Count, b.Rule.Why())}
			for _, v := range r.Violations {
				if v.Rule == b.Rule {
					f.Text += v.String() + "\n"
				}
			}
		}
		add(b.Rule.String(), f)
	}
	for _, v := range r.Verdicts {
		var f *failure
		if !v.OK {
			f = &failure{Message: "it is " + v.Assertion.Metric.Format(v.X)}
		}
		add(v.Assertion.Text, f)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(s); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// CSV writes a line for every device.
func CSV(w io.Writer, devices iter.Seq[fleet.Device]) error {
	c := csv.NewWriter(w)
	c.Write([]string{"device", "population", "state", "connects", "sent", "arrived", "commands", "retries", "given_up",
		"latency_mean_s", "latency_worst_s", "air_s", "receive_s", "wait_s", "idle_s", "sleep_s", "wakes", "mah_a_day", "battery_years"})
	count := func(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }
	seconds := func(d time.Duration) string { return number(d.Seconds()) }
	for d := range devices {
		u := d.Use
		c.Write([]string{d.ID, d.Population, d.State.String(), count(d.Connects), count(d.Sent), count(d.Arrived), count(d.Commands),
			count(d.Retries), count(d.GiveUps), seconds(d.Mean()), seconds(d.Worst),
			seconds(u.Air), seconds(u.Hear), seconds(u.Wait), seconds(u.Idle), seconds(u.Sleep), count(u.Wakes), number(d.Daily), number(d.Years)})
	}
	c.Flush()
	return c.Error()
}
