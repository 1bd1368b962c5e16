package radio

import (
	"slices"
	"time"
)

// Preset is a radio that people use.
type Preset struct {
	Name  string
	About string
	Model Model
	// TRetry is what a device with it waits for an answer.
	TRetry time.Duration
}

// Presets are all there are, simplest first. Their figures are typical, not of
// one product.
var Presets = []Preset{
	{"wired", "a cable, or this machine alone: nothing happens to a datagram", Model{}, 10 * time.Second},
	{"thread", "802.15.4 and 6LoWPAN, two hops to a border router", Model{
		Loss: 0.005, BurstEnter: 0.002, BurstLeave: 0.3, BurstLoss: 0.5,
		Delay: 12 * time.Millisecond, Jitter: 25 * time.Millisecond, Duplicate: 0.001, MTU: 1232,
		Air: Air{Rate: 250_000, Frame: 80, Overhead: 45, Gap: 1500 * time.Microsecond},
	}, 10 * time.Second},
	{"xbee", "802.15.4 with ZigBee's short payloads", Model{
		Loss: 0.01, Delay: 15 * time.Millisecond, Jitter: 20 * time.Millisecond, MTU: 84,
		Air: Air{Rate: 250_000, Overhead: 40, Gap: 2 * time.Millisecond},
	}, 10 * time.Second},
	{"ble", "Bluetooth Low Energy with a connection interval of 50 ms", Model{
		Loss: 0.001, Delay: 25 * time.Millisecond, Jitter: 50 * time.Millisecond, MTU: 244,
		Air: Air{Rate: 1_000_000, Overhead: 17, Gap: 300 * time.Microsecond},
	}, 10 * time.Second},
	{"nb-iot", "a cellular network for meters: seconds of delay, few losses", Model{
		Loss: 0.005, Delay: 1600 * time.Millisecond, Jitter: 2400 * time.Millisecond, MTU: 1358,
		Air: Air{Rate: 25_000, Overhead: 40, Gap: 60 * time.Millisecond},
	}, 15 * time.Second},
	{"lora-sf7", "LoRa at its fastest, point to point, one per cent of the time on air", Model{
		Loss: 0.02, BurstEnter: 0.01, BurstLeave: 0.3, BurstLoss: 0.6,
		Delay: 5 * time.Millisecond, Jitter: 20 * time.Millisecond, MTU: 222, Duty: 0.01,
		Air: Air{SpreadingFactor: 7},
	}, 15 * time.Second},
	{"lora-sf12", "LoRa at its farthest: a second and more for every datagram", Model{
		Loss: 0.05, BurstEnter: 0.02, BurstLeave: 0.3, BurstLoss: 0.6,
		Delay: 5 * time.Millisecond, Jitter: 50 * time.Millisecond, MTU: 51, Duty: 0.01,
		Air: Air{SpreadingFactor: 12},
	}, 5 * time.Minute},
}

// Find is the preset of a name.
func Find(name string) (Preset, bool) {
	i := slices.IndexFunc(Presets, func(p Preset) bool { return p.Name == name })
	if i < 0 {
		return Preset{}, false
	}
	return Presets[i], true
}
