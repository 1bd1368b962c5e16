package config

import "path/filepath"

// Status is how the program shows at the machine itself how it is.
type Status struct {
	// LED is a light's folder below /sys/class/leds; "": none.
	LED string `toml:"led"`
}

func (v *validator) status(s *Status) {
	if s.LED != "" && !filepath.IsAbs(s.LED) {
		v.wrong("status.led", `status.led = %q: want a folder such as "/sys/class/leds/ACT"`, s.LED)
	}
}
