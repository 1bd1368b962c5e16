package wire

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"snbroker/transport/serial"
)

func TestParse(t *testing.T) {
	usual := serial.DefaultConfig()
	usual.Baud = 1200
	for name, want := range map[string]func(*Line){
		"/dev/ttyUSB0":          func(l *Line) { l.Device = "/dev/ttyUSB0" },
		"serial:///dev/ttyUSB0": func(l *Line) { l.Device = "/dev/ttyUSB0" },
		"serial://COM3":         func(l *Line) { l.Device = "COM3" },
		"tcp://h:1":             func(l *Line) { l.Device, l.Paced = "tcp://h:1", false },
		"tcp://h:1?baud=9600":   func(l *Line) { l.Device, l.Baud = "tcp://h:1", 9600 },
		"/dev/x?baud=9600&mode=8E1&framing=xbee&max_frame=100&xbee_api=1": func(l *Line) {
			l.Device, l.Baud, l.Mode, l.Framing, l.MTU, l.Unescaped = "/dev/x", 9600, "8E1", "xbee", 100, true
		},
		"/dev/x?rtscts=true&dtr=false&rs485=true&turnaround=2ms&settle=2.1s&line_address=7": func(l *Line) {
			l.Device, l.RTSCTS, l.DTR, l.RS485, l.Address = "/dev/x", true, false, true, 7
			l.Turnaround, l.Settle = 2*time.Millisecond, 2100*time.Millisecond
		},
	} {
		wanted := Line{Config: usual, Paced: true}
		want(&wanted)
		got, err := Parse(usual, name)
		if err != nil || got.Paced != wanted.Paced || !same(got.Config, wanted.Config) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// same compares what a name can say.
func same(a, b serial.Config) bool {
	return a.Device == b.Device && a.Baud == b.Baud && a.Mode == b.Mode && a.Framing == b.Framing && a.MTU == b.MTU &&
		a.Unescaped == b.Unescaped && a.Address == b.Address && a.RTSCTS == b.RTSCTS && a.DTR == b.DTR &&
		a.RS485 == b.RS485 && a.Settle == b.Settle && a.Turnaround == b.Turnaround
}

func TestParseErrors(t *testing.T) {
	for name, want := range map[string]string{
		"":                        "want the path of a device",
		"serial://":               "want the path of a device",
		"tcp://nowhere":           `want "tcp://host:port"`,
		"/dev/x?baud=1":           "baud is from 50 to",
		"/dev/x?baud=fast":        `not "fast"`,
		"/dev/x?speed=9600":       "speed is no setting of a line: these are baud, dtr,",
		"/dev/x?mode=7N1":         "mode is one of 8N1",
		"/dev/x?max_frame=99999":  "max_frame is from 0 to 65535",
		"/dev/x?rtscts=1":         `rtscts is true or false, not "1"`,
		"/dev/x?turnaround=2":     "turnaround is a time from 0s to 1s",
		"/dev/x?settle=1h":        "settle is a time from 0s to 1m0s",
		"/dev/x?framing=xbee&%zz": "settings are word=value",
	} {
		if _, err := Parse(serial.DefaultConfig(), name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The documentation has every setting, and none that there is not.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../../docs/firmware-sim.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "| `?"); ok {
			word, _, _ := strings.Cut(rest, "=")
			documented = append(documented, word)
		}
	}
	slices.Sort(documented)
	if !slices.Equal(documented, Settings()) {
		t.Errorf("docs/firmware-sim.md has %q, and there are %q", documented, Settings())
	}
}

func FuzzParse(f *testing.F) {
	f.Add("serial:///dev/ttyUSB0?baud=115200&framing=hdlc")
	f.Add("tcp://host:2000?framing=xbee&xbee_api=1&max_frame=100")
	f.Add("/dev/x?rtscts=true&dtr=false&rs485=true&turnaround=2ms&settle=2s&line_address=254")
	f.Fuzz(func(t *testing.T, name string) {
		l, err := Parse(serial.DefaultConfig(), name)
		if err != nil {
			return
		}
		if _, err := serial.NewOpener(l.Config); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	})
}
