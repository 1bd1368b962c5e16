package scenario

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"snbroker/firmware-sim/internal/battery"
	"snbroker/firmware-sim/internal/radio"
)

// file is the top of a scenario file.
type file struct {
	About       string                    `toml:"about"`
	Devices     int                       `toml:"devices"`
	Duration    time.Duration             `toml:"duration"`
	Ramp        time.Duration             `toml:"ramp"`
	Drain       time.Duration             `toml:"drain"`
	Start       time.Time                 `toml:"start"`
	Gateway     string                    `toml:"gateway"`
	Resume      bool                      `toml:"resume"`
	Restart     Restart                   `toml:"restart"`
	Radios      map[string]toml.Primitive `toml:"radio"`
	Batteries   map[string]toml.Primitive `toml:"battery"`
	Populations []toml.Primitive          `toml:"population"`
	Assert      map[string]any            `toml:"assert"`
}

// radioTable is a [radio.NAME]: a preset, and what is different.
type radioTable struct {
	Preset          string        `toml:"preset"`
	Loss            float64       `toml:"loss"`
	BurstEnter      float64       `toml:"burst_enter"`
	BurstLeave      float64       `toml:"burst_leave"`
	BurstLoss       float64       `toml:"burst_loss"`
	Delay           time.Duration `toml:"delay"`
	Jitter          time.Duration `toml:"jitter"`
	Duplicate       float64       `toml:"duplicate"`
	Reorder         float64       `toml:"reorder"`
	MTU             int           `toml:"mtu"`
	Duty            float64       `toml:"duty"`
	Rate            int           `toml:"rate"`
	Frame           int           `toml:"frame"`
	Overhead        int           `toml:"overhead"`
	Gap             time.Duration `toml:"gap"`
	SpreadingFactor int           `toml:"spreading_factor"`
}

// batteryTable is a [battery.NAME]: a preset, and what is different.
type batteryTable struct {
	Preset        string  `toml:"preset"`
	Capacity      float64 `toml:"capacity"`
	Usable        float64 `toml:"usable"`
	SelfDischarge float64 `toml:"self_discharge"`
	Sleep         float64 `toml:"sleep"`
	Idle          float64 `toml:"idle"`
	Receive       float64 `toml:"receive"`
	Transmit      float64 `toml:"transmit"`
	Wake          float64 `toml:"wake"`
}

// Parse reads a scenario. The error has the name of the file, the line where
// that is known, and what to write instead.
func Parse(name, text string) (*Scenario, error) {
	l := loader{name: name, places: places(text), radios: make(map[string]radio.Preset), batteries: make(map[string]battery.Model)}
	f := file{
		Devices: 1000, Duration: 30 * time.Second, Ramp: 3 * time.Second, Drain: 30 * time.Second,
		Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), Restart: Restart{Within: 30 * time.Second},
	}
	var err error
	if l.md, err = toml.Decode(text, &f); err != nil {
		return nil, l.syntax(err)
	}
	for _, n := range sorted(f.Radios) {
		if err := l.radio(n, f.Radios[n]); err != nil {
			return nil, err
		}
	}
	for _, n := range sorted(f.Batteries) {
		if err := l.battery(n, f.Batteries[n]); err != nil {
			return nil, err
		}
	}
	s := &Scenario{
		Name:  strings.TrimSuffix(name, ".toml"),
		About: f.About, Devices: f.Devices, Duration: f.Duration, Ramp: f.Ramp, Drain: f.Drain, Start: f.Start, Gateway: f.Gateway, Resume: f.Resume, Restart: f.Restart,
	}
	for i, p := range f.Populations {
		pop, err := l.population(i, p)
		if err != nil {
			return nil, err
		}
		s.Populations = append(s.Populations, pop)
	}
	for _, key := range sorted(f.Assert) {
		a, err := ParseAssertion(key, f.Assert[key])
		if err != nil {
			return nil, l.errorf("assert."+key, "%v", err)
		}
		s.Assert = append(s.Assert, a)
	}
	if unknown := l.md.Undecoded(); len(unknown) > 0 {
		return nil, l.unknown(unknown)
	}
	return s, l.check(s)
}

func sorted[V any](m map[string]V) []string {
	var names []string
	for n := range m {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

type loader struct {
	name      string
	md        toml.MetaData
	places    map[string]int
	radios    map[string]radio.Preset
	batteries map[string]battery.Model
}

// errorf is an error at a key.
func (l *loader) errorf(key, format string, args ...any) error {
	at := l.name
	if line, ok := l.places[key]; ok {
		at = fmt.Sprintf("%s:%d", l.name, line)
	}
	return fmt.Errorf("%s: %s: %s", at, shown(key), fmt.Sprintf(format, args...))
}

// syntax is what the parser has to say.
func (l *loader) syntax(err error) error {
	var bad toml.ParseError
	if errors.As(err, &bad) {
		return fmt.Errorf("%s:%d: %s", l.name, bad.Position.Line, bad.Message)
	}
	return fmt.Errorf("%s: %s", l.name, strings.TrimPrefix(err.Error(), "toml: "))
}

func (l *loader) radio(name string, p toml.Primitive) error {
	key := "radio." + name
	t := radioTable{Preset: "wired"}
	if err := l.md.PrimitiveDecode(p, &t); err != nil {
		return l.syntax(err)
	}
	from, ok := radio.Find(t.Preset)
	if !ok {
		return l.errorf(key+".preset", "there is no radio %q; there are %s", t.Preset, names(radio.Presets, func(p radio.Preset) string { return p.Name }))
	}
	m := from.Model
	t = radioTable{t.Preset, m.Loss, m.BurstEnter, m.BurstLeave, m.BurstLoss, m.Delay, m.Jitter, m.Duplicate, m.Reorder, m.MTU, m.Duty,
		m.Air.Rate, m.Air.Frame, m.Air.Overhead, m.Air.Gap, m.Air.SpreadingFactor}
	if err := l.md.PrimitiveDecode(p, &t); err != nil {
		return l.syntax(err)
	}
	for k, v := range map[string]float64{"loss": t.Loss, "burst_enter": t.BurstEnter, "burst_leave": t.BurstLeave, "burst_loss": t.BurstLoss,
		"duplicate": t.Duplicate, "reorder": t.Reorder, "duty": t.Duty} {
		if v < 0 || v > 1 {
			return l.errorf(key+"."+k, "is from 0 to 1")
		}
	}
	if t.MTU < 0 || t.Rate < 0 || t.Frame < 0 || t.Overhead < 0 || t.Delay < 0 || t.Jitter < 0 || t.Gap < 0 {
		return l.errorf(key, "a number is negative")
	}
	if f := t.SpreadingFactor; f != 0 && (f < 7 || f > 12) {
		return l.errorf(key+".spreading_factor", "is from 7 to 12")
	}
	from.Model = radio.Model{
		Loss: t.Loss, BurstEnter: t.BurstEnter, BurstLeave: t.BurstLeave, BurstLoss: t.BurstLoss,
		Delay: t.Delay, Jitter: t.Jitter, Duplicate: t.Duplicate, Reorder: t.Reorder, MTU: t.MTU, Duty: t.Duty,
		Air: radio.Air{Rate: t.Rate, Frame: t.Frame, Overhead: t.Overhead, Gap: t.Gap, SpreadingFactor: t.SpreadingFactor},
	}
	l.radios[name] = from
	return nil
}

func (l *loader) battery(name string, p toml.Primitive) error {
	key := "battery." + name
	t := batteryTable{Preset: "thread"}
	if err := l.md.PrimitiveDecode(p, &t); err != nil {
		return l.syntax(err)
	}
	from, ok := battery.Find(t.Preset)
	if !ok {
		return l.errorf(key+".preset", "there is no battery %q; there are %s", t.Preset, names(battery.Presets, func(p battery.Preset) string { return p.Name }))
	}
	m := from.Model
	t = batteryTable{t.Preset, m.Capacity, m.Usable, m.SelfDischarge, m.Sleep, m.Idle, m.Receive, m.Transmit, m.Wake}
	if err := l.md.PrimitiveDecode(p, &t); err != nil {
		return l.syntax(err)
	}
	if t.Capacity < 0 || t.Usable <= 0 || t.Usable > 1 || t.SelfDischarge < 0 || min(t.Sleep, t.Idle, t.Receive, t.Transmit, t.Wake) < 0 {
		return l.errorf(key, "usable is more than 0 and at most 1, and nothing is negative")
	}
	l.batteries[name] = battery.Model{Capacity: t.Capacity, Usable: t.Usable, SelfDischarge: t.SelfDischarge,
		Sleep: t.Sleep, Idle: t.Idle, Receive: t.Receive, Transmit: t.Transmit, Wake: t.Wake}
	return nil
}

func names[T any](list []T, name func(T) string) string {
	var all []string
	for _, x := range list {
		all = append(all, name(x))
	}
	return strings.Join(all, ", ")
}

func (l *loader) population(i int, p toml.Primitive) (Population, error) {
	key := fmt.Sprintf("population.%d", i)
	var b struct {
		Behaviour string `toml:"behaviour"`
	}
	if err := l.md.PrimitiveDecode(p, &b); err != nil {
		return Population{}, l.syntax(err)
	}
	n := slices.IndexFunc(Behaviours, func(x Behaviour) bool { return x.Name == b.Behaviour })
	if n < 0 {
		return Population{}, l.errorf(key+".behaviour", "%q is none of %s", b.Behaviour, names(Behaviours, func(b Behaviour) string { return b.Name }))
	}
	pop := population(Behaviours[n])
	fields := pop.Payload.Fields
	pop.Payload.Fields = nil // a file's replace these, rather than being added
	if err := l.md.PrimitiveDecode(p, &pop); err != nil {
		return Population{}, l.syntax(err)
	}
	if pop.Payload.Fields == nil {
		pop.Payload.Fields = fields
	}
	return pop, l.finish(key, &pop)
}
