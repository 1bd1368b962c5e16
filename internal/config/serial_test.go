package config

import (
	"strings"
	"testing"
)

func TestSerialProblems(t *testing.T) {
	_, err := Parse("t", `[[mqttsn.listener]]
type = "serial"
[[mqttsn.listener]]
type = "serial"
device = "/dev/ttyUSB0"
address = "127.0.0.1:1883"
baud = 1
mode = "7E1"
framing = "hdlcc"
line_address = 255
xbee_api = 1
settle = "2h"
[[mqttsn.listener]]
type = "serial"
device = "/dev/ttyUSB0"
framing = "radiohead"
max_frame = 100
[[mqttsn.listener]]
type = "serial"
device = "tcp://bridge"
groups = ["225.1.1.1:1883"]
xbee_api = 1
[[mqttsn.listener]]
type = "serial"
device = "udp://bridge:1"
[[mqttsn.listener]]
baud = 9600
[[mqttsn.listener]]
type = "serial"
device = "/dev/a"
framing = "loralink"
advertise_interval = "15m"
[[mqttsn.listener]]
type = "serial"
device = "/dev/b"
advertise_interval = "1d"
`)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		`t:1: mqttsn.listener.device = "": want the path of a device`,
		`t:6: mqttsn.listener.address is for listeners of type "udp"; this one is "serial"`,
		`t:7: mqttsn.listener.baud = 1: want 50 to 20000000`,
		`t:8: mqttsn.listener.mode = "7E1": want "8N1"`,
		`t:9: mqttsn.listener.framing = "hdlcc": want "hdlc", "raw", "slip", "slip-crc", "cobs", "xbee", "radiohead", "loralink", "aquila" or "slip-ip"`,
		`t:10: mqttsn.listener.line_address = 255: want 0 to 254`,
		`t:12: mqttsn.listener.settle = "2h": want "0s" to "1m"`,
		`t:15: mqttsn.listener.device = "/dev/ttyUSB0": taken already (line 5)`,
		`t:17: mqttsn.listener.max_frame = 100: MTU 100: want 1 to 60 for radiohead`,
		`t:20: mqttsn.listener.device = "tcp://bridge": want "tcp://host:port"`,
		`t:21: mqttsn.listener.groups is for listeners of type "udp"; this one is "serial"`,
		`t:22: mqttsn.listener.xbee_api is for framing = "xbee"`,
		`t:25: mqttsn.listener.device = "udp://bridge:1": want a path`,
		`t:32: mqttsn.listener.advertise_interval: framing = "loralink" has no address for everybody; leave it out`,
		`t:36: mqttsn.listener.advertise_interval = "1d": want "1s" to "18h12m15s"`,
		`t:27: mqttsn.listener.baud is for listeners of type "serial"; this one is "udp"`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in\n%v", want, err)
		}
	}
}

// Whoever is wired to this machine may come in unless the file says otherwise.
func TestSerialAnonymous(t *testing.T) {
	for _, tc := range []struct {
		device, framing string
		want            bool
	}{
		{"/dev/ttyUSB0", "hdlc", true},
		{"tcp://127.0.0.1:2000", "hdlc", true},
		{"tcp://192.0.2.7:2000", "hdlc", false},
		{"/dev/ttyUSB0", "xbee", false},
	} {
		c, err := Parse("t", "[[mqttsn.listener]]\ntype = \"serial\"\ndevice = \""+tc.device+"\"\nframing = \""+tc.framing+"\"\n")
		if err != nil {
			t.Fatal(err)
		}
		if got := c.MQTTSN.Listeners[0].AllowAnonymous; got != tc.want {
			t.Errorf("%s, %s: %v", tc.device, tc.framing, got)
		}
	}
}
