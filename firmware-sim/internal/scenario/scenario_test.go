package scenario

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

const least = "about = \"x\"\n[[population]]\nbehaviour = \"sensor\"\n"

func TestShipped(t *testing.T) {
	names := Shipped()
	if !slices.Contains(names, Default) || len(names) < 8 {
		t.Error(names)
	}
	for _, n := range names {
		s, err := Load(n + ".toml")
		if err != nil {
			t.Error(err)
			continue
		}
		if s.Name != n || !strings.HasSuffix(s.About, ".") || strings.Count(s.About, ".") != 1 {
			t.Errorf("%s: %q is not one sentence", s.Name, s.About)
		}
		sum := 0
		for _, p := range s.Populations {
			sum += p.Count
		}
		if sum != s.Devices {
			t.Errorf("%s: %d of %d devices", n, sum, s.Devices)
		}
	}
}

// The documentation has every key, and none that there is not.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../../docs/firmware-sim.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, line := range strings.Split(string(text), "\n") {
		if rest, ok := strings.CutPrefix(line, "| `"); ok {
			key, _, _ := strings.Cut(rest, "`")
			documented = append(documented, key)
		}
	}
	keys := Keys()
	for _, k := range keys {
		if !slices.Contains(documented, k) {
			t.Errorf("docs/firmware-sim.md does not have %s", k)
		}
	}
	for _, k := range documented {
		if !strings.HasPrefix(k, "-") && !strings.HasPrefix(k, "?") && !slices.Contains(keys, k) {
			t.Errorf("docs/firmware-sim.md has %s, which there is not", k)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "about: is missing"},
		{"about = \"x\"", "population: there is none"},
		{"about = ", "s.toml:1: "},
		{"abuot = \"x\"\n" + least, "s.toml:1: there is no key abuot; did you mean about?"},
		{least + "intervall = \"1s\"\n", "s.toml:4: there is no key population.intervall; did you mean population.interval?"},
		{least + "[population.sleep]\ntiem = \"1s\"\n", "s.toml:5: there is no key population.sleep.tiem; did you mean population.sleep.time?"},
		{least + "[radio.x]\nlos = 1\n", "s.toml:5: there is no key radio.x.los; did you mean radio.NAME.loss?"},
		{least + "[assert]\np98 = \"< 1s\"\n", "s.toml:5: assert.p98: there is no metric p98; did you mean assert.p99?"},
		{least + "[assert]\np99 = 5\n", `s.toml:5: assert.p99: "5" is not a duration`},
		{least + "[assert]\nloss = \"few\"\n", `s.toml:5: assert.loss: "few" is not a number`},
		{"about = \"x\"\n[[population]]\nbehaviour = \"sensro\"\n", `s.toml:3: population.behaviour: "sensro" is none of sensor, event`},
		{least + "radio = \"wifi\"", `s.toml:4: population.radio: there is no radio "wifi"; there are wired, thread`},
		{least + "battery = \"aa\"", `s.toml:4: population.battery: there is no battery "aa"`},
		{least + "interval = 10", `s.toml:4: population.interval: a duration has a unit, as in "10s"`},
		{least + "interval = \"-10s\"", "population.interval: a duration has a unit"},
		{least + "sleep.time = \"20h\"", "s.toml:4: population.sleep.time: is from 1s to"},
		{least + "sleep = { time = \"10s\", wake = \"11s\" }", "population.sleep.wake: is later than"},
		{least + "qos = 3", "population.qos: is -1, 0, 1 or 2"},
		{least + "qos = -1", "population.qos: -1 needs short or predefined"},
		{least + "qos = -1\nshort = \"xy\"\nwill.topic = \"w/{id}\"", "goes without a connection"},
		{least + "short = \"xyz\"", "population.short: has two octets"},
		{least + "topic = \"\"", "population.topic: is missing"},
		{least + "topic = \"a/#\"", "has no + and no #"},
		{least + "client_id = \"x\"", "needs {n}"},
		{least + "name = \"a/b\"", "is part of topics"},
		{least + "share = 0", "is more than 0"},
		{least + "command.topic = \"c\"", "population.command.topic: needs {id}"},
		{least + "qos = 0\nwaits = true", "population.waits: is for readings at an interval, and QoS 1 or 2"},
		{least + "payload.format = \"xml\"", `population.payload: format "xml" is none of`},
		{least + "[restart]\nat = [\"1s\"]", "s.toml:4: restart: at needs command"},
		{least + "[restart]\nat = [\"2s\", \"1s\"]\ncommand = \"x\"", "s.toml:5: restart.at: times are within duration"},
		{least + "[restart]\nat = [\"1s\"]\ncommand = \"x\"\nkill = true", "s.toml:7: restart.kill: is for a gateway that start begins"},
		{least + "[restart]\nwithin = \"0s\"", "s.toml:5: restart.within: is from 1s to 1h"},
		{least + "bugs.twice = 2", "twice and malformed are from 0 to 1"},
		{least + "[[population]]\nbehaviour = \"sensor\"", `two are called "sensor"`},
		{least + "[radio.x]\nloss = 2", "s.toml:5: radio.x.loss: is from 0 to 1"},
		{least + "[radio.x]\npreset = \"y\"", `s.toml:5: radio.x.preset: there is no radio "y"`},
		{least + "[radio.x]\nspreading_factor = 6", "is from 7 to 12"},
		{least + "[battery.x]\nusable = 2", "usable is more than 0 and at most 1"},
		{"devices = 0\n" + least, "devices is from 1"},
		{"duration = \"0s\"\n" + least, "duration: is more than 0"},
	} {
		if _, err := Parse("s.toml", c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q:\n%v, want\n%s", c.text, err, c.want)
		}
	}
	if _, err := Load("nowhere.toml"); err == nil || !strings.Contains(err.Error(), "it is a file, or one of bad-firmware") {
		t.Error(err)
	}
}

// What a file does not say is the behaviour's and the radio's.
func TestDefaults(t *testing.T) {
	s, err := Parse("s.toml", least+`radio = "mine"
sleep.time = "10s"
[radio.mine]
preset = "nb-iot"
loss = 0.5
[assert]
loss = 0
p99 = "<= 2s"
delivered = "> 99.9 %"
`)
	if err != nil {
		t.Fatal(err)
	}
	p := s.Populations[0]
	if p.Topic != "sensors/{id}" || p.QoS != 1 || p.Radio.Loss != 0.5 || p.Radio.Delay != 1600*time.Millisecond || p.TRetry != 15*time.Second ||
		p.Board != "nb-iot" || p.Sleep.Wake != 8*time.Second || s.Name != "s" || p.Count != 1000 {
		t.Errorf("%+v", p)
	}
	for i, c := range []struct{ yes, no float64 }{{99.95, 99.9}, {0, 1}, {2, 2.1}} {
		a := s.Assert[i]
		if i == 0 {
			c.yes, c.no = c.yes/100, c.no/100
		}
		if !a.Holds(c.yes) || a.Holds(c.no) {
			t.Errorf("%+v", a)
		}
	}
}

func TestHasten(t *testing.T) {
	s, err := Load("smart-meters")
	if err != nil {
		t.Fatal(err)
	}
	s.Hasten(3600)
	p := s.Populations[0]
	if s.Duration != 24*time.Second || p.Interval != 6*time.Second || p.Sleep.Time != 8*time.Second || p.TRetry != time.Second || p.Radio.Delay >= time.Millisecond {
		t.Errorf("%v %+v", s.Duration, p)
	}
	for _, a := range s.Assert {
		if a.Metric.Name == "battery" {
			t.Error("a battery is judged by hastened time")
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, n := range Shipped() {
		text, err := Source(n)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add(least + "[[population.payload.field]]\nkind = \"walk\"\n[radio.\"a.b\"]\n[assert]\nx = 1")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 10_000 {
			return
		}
		s, err := Parse("f.toml", text)
		if err == nil && (s.Devices < len(s.Populations) || len(s.Populations) == 0) {
			t.Error("an empty scenario")
		}
	})
}
