package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
	"time"

	"snbroker/firmware-sim/internal/fleet"
	"snbroker/firmware-sim/internal/scenario"
	"snbroker/firmware-sim/internal/truth"
)

// told plays a short scenario, and makes its report.
func told(t *testing.T) (*fleet.Fleet, *Run) {
	t.Helper()
	s, err := scenario.Load("bad-weather")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Scale(40); err != nil {
		t.Fatal(err)
	}
	v := fleet.NewVirtual(fleet.Config{Scenario: s, Seed: 1, Run: "test"}, nil)
	if err := v.Play(t.Context(), func(*fleet.Fleet) {}); err != nil {
		t.Fatal(err)
	}
	return v.Fleet, Make(v.Fleet, s, 1, "in a test")
}

func TestForms(t *testing.T) {
	f, r := told(t)
	if err := r.Failure(); err != nil {
		t.Fatal(err)
	}
	var text, page, j, x, c bytes.Buffer
	for _, err := range []error{r.Text(&text), r.HTML(&page), r.JSON(&j), r.JUnit(&x), CSV(&c, f.Each)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"bad-weather: A radio that", "40 devices, 10m0s, seed 1, in a test", "      sensor       23   674", "ok      loss = 0 (0)", "All is as promised"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the text has no %q:\n%s", want, &text)
		}
	}
	for _, want := range []string{"<title>bad-weather: 40 devices</title>", "All is as promised", "Throughput", "Battery", "Sent again", "Slowest devices", "polyline", "polygon", "@media print", "prefers-color-scheme: dark"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page has no %q", want)
		}
	}
	for _, not := range []string{"<script", "http://", "https://", "NaN", "Inf"} {
		if strings.Contains(strings.ReplaceAll(page.String(), `xmlns="http://www.w3.org/2000/svg"`, ""), not) {
			t.Errorf("the page has %q", not)
		}
	}
	var parsed struct {
		OK      bool
		Metrics map[string]float64
	}
	if err := json.Unmarshal(j.Bytes(), &parsed); err != nil || !parsed.OK || len(parsed.Metrics) != len(scenario.Metrics) {
		t.Errorf("%v: %+v", err, parsed)
	}
	var suite struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
	}
	if err := xml.Unmarshal(x.Bytes(), &suite); err != nil || suite.Failures != 0 || suite.Tests != int(truth.Rules)+2 {
		t.Errorf("%v: %+v", err, suite)
	}
	if rows, err := csv.NewReader(&c).ReadAll(); err != nil || len(rows) != 41 {
		t.Errorf("%v: %d rows", err, len(rows))
	}
}

// What failed stands in every form, and what is dangerous in HTML does not.
func TestFailure(t *testing.T) {
	f, r := told(t)
	v := truth.Violation{Rule: truth.AtMostOnce, At: time.Minute, Device: "<b>d1", Message: 3, Topic: "a/b", Text: "arrived again"}
	r.Violations = append(r.Violations, v)
	r.Rules[truth.AtMostOnce].Count++
	r.Verdicts[0].OK = false
	var text, page, j, x bytes.Buffer
	r.Text(&text)
	r.HTML(&page)
	r.JSON(&j)
	r.JUnit(&x)
	_ = f
	if err := r.Failure(); err == nil || !strings.Contains(err.Error(), v.String()) {
		t.Error(err)
	}
	if !strings.Contains(text.String(), "BROKEN  "+v.String()) || !strings.Contains(text.String(), "FAILED") || strings.Contains(text.String(), "All is as promised") {
		t.Error(&text)
	}
	if !strings.Contains(page.String(), "&lt;b&gt;d1, message 3 on a/b") || strings.Contains(page.String(), "<b>") {
		t.Error("the page does not have it, or not escaped")
	}
	if !strings.Contains(j.String(), `"ok": false`) || !strings.Contains(x.String(), `failures="2"`) || !strings.Contains(x.String(), "message 3 on a/b") {
		t.Error(&j, &x)
	}
}

func TestScales(t *testing.T) {
	for _, c := range []struct {
		scale
		want string
	}{
		{linear(7), "0 2.5 5 7.5 10"}, {linear(0), "0 0.25 0.5 0.75 1"}, {linear(1800), "0 500 1000 1500 2000"},
		{logarithmic(0.02, 5), "0.01 0.1 1 10"}, {logarithmic(0, 0), "0 0"},
	} {
		var ticks []string
		for _, v := range c.ticks() {
			ticks = append(ticks, trim(v))
		}
		if got := strings.Join(ticks, " "); got != c.want {
			t.Errorf("%+v: %s, want %s", c.scale, got, c.want)
		}
		if c.scale.at(c.most) < 0.999 || c.scale.at(0) != 0 {
			t.Errorf("%+v is not from 0 to 1", c.scale)
		}
	}
}
