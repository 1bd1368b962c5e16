// Package wire reads what serial lines are called on command lines and in
// scenarios: the device, and after a ? its settings.
//
//	serial:///dev/ttyUSB0?baud=9600&framing=slip-crc
//	/dev/ttyUSB0?rtscts=true
//	tcp://192.0.2.7:2000?framing=xbee&xbee_api=1
package wire

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"snbroker/transport/serial"
)

// Line is how to open a line.
type Line struct {
	serial.Config
	// Paced tells that Baud is the line's rate. Of a line that a server offers the
	// server knows it, if it is not said.
	Paced bool
}

// setting puts a word's value into the Line.
type setting func(l *Line, value string) error

// settings have the names that a listener of the gateway has for them.
var settings = map[string]setting{
	"baud": func(l *Line, v string) error {
		l.Paced = true
		return number(&l.Baud, v, serial.LeastBaud, serial.MostBaud)
	},
	"mode": func(l *Line, v string) error {
		l.Mode = v
		if !slices.Contains(serial.Modes, v) {
			return fmt.Errorf("is one of %s", strings.Join(serial.Modes, ", "))
		}
		return nil
	},
	"framing":      func(l *Line, v string) error { l.Framing = v; return nil },
	"max_frame":    func(l *Line, v string) error { return number(&l.MTU, v, 0, 65535) },
	"line_address": func(l *Line, v string) error { return number(&l.Address, v, 0, 254) },
	"xbee_api": func(l *Line, v string) error {
		api := 2
		err := number(&api, v, 1, 2)
		l.Unescaped = api == 1
		return err
	},
	"rtscts":     func(l *Line, v string) error { return truth(&l.RTSCTS, v) },
	"dtr":        func(l *Line, v string) error { return truth(&l.DTR, v) },
	"rs485":      func(l *Line, v string) error { return truth(&l.RS485, v) },
	"settle":     func(l *Line, v string) error { return duration(&l.Settle, v, time.Minute) },
	"turnaround": func(l *Line, v string) error { return duration(&l.Turnaround, v, time.Second) },
}

// Settings are the words that there are.
func Settings() []string { return slices.Sorted(maps.Keys(settings)) }

// Parse reads a name. What it does not say is as in usual.
func Parse(usual serial.Config, name string) (Line, error) {
	l := Line{Config: usual}
	device, words, _ := strings.Cut(name, "?")
	l.Device = strings.TrimPrefix(device, "serial://")
	if err := serial.CheckDevice(l.Device); err != nil {
		return l, err
	}
	_, tcp := serial.TCP(l.Device)
	l.Paced = !tcp
	values, err := url.ParseQuery(words)
	if err != nil {
		return l, fmt.Errorf("%w: settings are word=value, with & between them", err)
	}
	for _, word := range slices.Sorted(maps.Keys(values)) {
		value := values[word][len(values[word])-1]
		set, ok := settings[word]
		if !ok {
			return l, fmt.Errorf("%s is no setting of a line: these are %s", word, strings.Join(Settings(), ", "))
		}
		if err := set(&l, value); err != nil {
			return l, fmt.Errorf("%s %w, not %q", word, err, value)
		}
	}
	return l, nil
}

func number(to *int, value string, least, most int) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		return fmt.Errorf("is from %d to %d", least, most)
	}
	*to = n
	return nil
}

func truth(to *bool, value string) error {
	switch value {
	case "true", "false":
		*to = value == "true"
		return nil
	}
	return errors.New("is true or false")
}

func duration(to *time.Duration, value string, most time.Duration) error {
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 || d > most {
		return fmt.Errorf("is a time from 0s to %v, such as 2ms", most)
	}
	*to = d
	return nil
}
