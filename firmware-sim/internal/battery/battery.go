// Package battery tells how long a battery lasts, from what a device did: time
// on the air, time with the receiver on, time asleep.
package battery

import (
	"slices"
	"time"
)

// Model is a device's appetite and its battery. Currents are in mA.
type Model struct {
	Capacity      float64 // mAh, as printed on the battery; 0: there is none, but a cable
	Usable        float64 // the part of it that the device gets, 0 to 1
	SelfDischarge float64 // the part that is lost in a year, 0 to 1
	Sleep         float64 // asleep, all the time in between
	Idle          float64 // connected and awake, with nothing under way
	Receive       float64 // waiting for an answer, or receiving
	Transmit      float64 // on the air
	Wake          float64 // mAs each time that it wakes: start-up, attaching, the tail of a connection
}

// Preset is a device that people build.
type Preset struct {
	Name  string
	About string
	Model Model
}

// Presets have the names of the radios that they go with.
var Presets = []Preset{
	{"wired", "mains", Model{0, 1, 0, 80, 80, 80, 80, 0}},
	{"thread", "nRF52840 with a pair of AA cells, polling once a second when awake", Model{2600, 0.85, 0.02, 0.003, 0.02, 5.5, 5.2, 0.05}},
	{"xbee", "XBee 3 with a pair of AA cells", Model{2600, 0.85, 0.02, 0.003, 15, 17, 40, 0.2}},
	{"ble", "nRF52832 with a CR2032", Model{220, 0.8, 0.01, 0.002, 0.05, 5.4, 5.3, 0.03}},
	{"nb-iot", "a cellular modem in power saving mode, with a lithium D cell", Model{19000, 0.85, 0.01, 0.004, 6, 45, 220, 450}},
	{"lora-sf7", "SX1276 at 14 dBm, with a pair of AA cells", Model{2600, 0.85, 0.02, 0.002, 1.6, 11, 44, 0.1}},
	{"lora-sf12", "SX1276 at 14 dBm, with a pair of AA cells", Model{2600, 0.85, 0.02, 0.002, 1.6, 11, 44, 0.1}},
}

// Find is the preset of a name.
func Find(name string) (Preset, bool) {
	i := slices.IndexFunc(Presets, func(p Preset) bool { return p.Name == name })
	if i < 0 {
		return Preset{}, false
	}
	return Presets[i], true
}

// Use is what a device, or many, did.
type Use struct {
	Air   time.Duration // transmitting
	Hear  time.Duration // receiving
	Wait  time.Duration // for answers, receiver on
	Idle  time.Duration // connected, awake, nothing under way
	Sleep time.Duration // everything else
	Wakes uint32
}

// Add sums up.
func (u *Use) Add(o Use) {
	u.Air += o.Air
	u.Hear += o.Hear
	u.Wait += o.Wait
	u.Idle += o.Idle
	u.Sleep += o.Sleep
	u.Wakes += o.Wakes
}

// Total is all of the time.
func (u Use) Total() time.Duration { return u.Air + u.Hear + u.Wait + u.Idle + u.Sleep }

// Split is charge by what it is spent on, in mAh a day.
type Split struct{ Transmit, Receive, Wait, Idle, Sleep, Wake float64 }

// Sum is mAh a day in all.
func (s Split) Sum() float64 { return s.Transmit + s.Receive + s.Wait + s.Idle + s.Sleep + s.Wake }

// Daily is what a day costs that goes on as u did.
func (m *Model) Daily(u Use) Split {
	total := u.Total()
	if total <= 0 {
		return Split{}
	}
	day := 24 / total.Hours() // parts of u in a day
	mAh := func(mA float64, d time.Duration) float64 { return mA * d.Hours() * day }
	return Split{
		Transmit: mAh(m.Transmit, u.Air),
		Receive:  mAh(m.Receive, u.Hear),
		Wait:     mAh(m.Receive, u.Wait),
		Idle:     mAh(m.Idle, u.Idle),
		Sleep:    mAh(m.Sleep, u.Sleep),
		Wake:     m.Wake * float64(u.Wakes) / 3600 * day,
	}
}

// Years is how long the battery lasts at so many mAh a day; 0 if there is none, or
// nothing is used.
func (m *Model) Years(mAhADay float64) float64 {
	a := mAhADay*365.25 + m.SelfDischarge*m.Capacity
	if a <= 0 {
		return 0
	}
	return m.Capacity * m.Usable / a
}
