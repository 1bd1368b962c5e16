package main

import (
	"fmt"
	"time"

	"snbroker/gateway"
	"snbroker/internal/admin"
	"snbroker/internal/config"
	"snbroker/transport/serial"
)

// serialLine is a serial line with devices.
type serialLine struct {
	*serial.Link
	opened opening
	rules  *config.MQTTSNListener
}

// options are the rules for the line's devices, and how they find the gateway.
func (l serialLine) options() gateway.LinkOptions {
	o := l.rules.Link()
	o.Everybody, o.AdvertiseEvery = l.Everybody, time.Duration(l.rules.AdvertiseInterval)
	return o
}

// seen is the line as the admin address shows it.
func (l serialLine) seen() admin.Listener {
	link, line := l.Stats(), l.LineStats()
	return admin.Listener{Protocol: "mqttsn", Type: l.rules.Type, Address: l.rules.Device, Name: l.Name(),
		Anonymous: l.rules.AllowAnonymous, Link: &link, Line: &line}
}

// openLine opens a line. Its device may be there only later.
func (s *server) openLine(rules *config.MQTTSNListener, as opening) (serialLine, error) {
	cfg := rules.Serial()
	cfg.Log = s.log
	l, err := serial.Open(cfg)
	if err != nil {
		return serialLine{}, fmt.Errorf("%w; the line is set in %s", err, mqttsnTable(rules))
	}
	return serialLine{l, as, rules}, nil
}

func (s *server) serveLines(lines []serialLine) {
	for _, l := range lines {
		s.run(func() error { return s.gateway.Serve(l.Link, l.options()) })
	}
}

func (s *server) announceLines(lines []serialLine) {
	for _, l := range lines {
		s.log.Info("listening for MQTT-SN devices", "on", l.Name(), "framing", l.rules.Framing)
		s.access(mqttsnTable(l.rules), l.rules.Device, s.deviceProvable(l.rules), l.rules.AllowAnonymous, l.rules.Wired())
	}
}
