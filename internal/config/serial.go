package config

import (
	"slices"
	"strings"
	"time"

	"snbroker/transport/serial"
	"snbroker/transport/serial/framing"
)

// SerialLine is what a [[mqttsn.listener]] of type "serial" has of its own.
type SerialLine struct {
	Device      string   `toml:"device"`
	Baud        int      `toml:"baud"`
	Mode        string   `toml:"mode"`
	Framing     string   `toml:"framing"`
	MaxFrame    Size     `toml:"max_frame"`
	XBeeAPI     int      `toml:"xbee_api"`
	LineAddress int      `toml:"line_address"`
	RTSCTS      bool     `toml:"rtscts"`
	DTR         bool     `toml:"dtr"`
	Settle      Duration `toml:"settle"`
	RS485       bool     `toml:"rs485"`
	Turnaround  Duration `toml:"turnaround"`
	Echo        bool     `toml:"echo"`
	Console     bool     `toml:"console"`
}

// serialKeys are its keys; udpKeys are those that a line does not have.
var (
	serialKeys = []string{"device", "baud", "mode", "framing", "max_frame", "xbee_api", "line_address", "rtscts", "dtr",
		"settle", "rs485", "turnaround", "echo", "console"}
	udpKeys = []string{"address", "receive_buffer", "groups", "group_interfaces"}
)

func defaultSerialLine() SerialLine {
	d := serial.DefaultConfig()
	return SerialLine{
		Device:      d.Device,
		Baud:        d.Baud,
		Mode:        d.Mode,
		Framing:     d.Framing,
		MaxFrame:    Size(d.MTU),
		XBeeAPI:     xbeeAPI(d.Unescaped),
		LineAddress: d.Address,
		RTSCTS:      d.RTSCTS,
		DTR:         d.DTR,
		Settle:      Duration(d.Settle),
		RS485:       d.RS485,
		Turnaround:  Duration(d.Turnaround),
		Echo:        d.Echo,
		Console:     d.Console,
	}
}

func xbeeAPI(unescaped bool) int {
	if unescaped {
		return 1
	}
	return 2
}

// Serial is how to open the listener's line.
func (l *SerialLine) Serial() serial.Config {
	return serial.Config{
		Device:     l.Device,
		Baud:       l.Baud,
		Mode:       l.Mode,
		Framing:    l.Framing,
		MTU:        int(l.MaxFrame),
		Unescaped:  l.XBeeAPI == 1,
		Address:    l.LineAddress,
		RTSCTS:     l.RTSCTS,
		DTR:        l.DTR,
		Settle:     time.Duration(l.Settle),
		RS485:      l.RS485,
		Turnaround: time.Duration(l.Turnaround),
		Echo:       l.Echo,
		Console:    l.Console,
	}
}

// local tells whether only this machine, and what is wired to it, can reach the
// listener.
func (l *MQTTSNListener) local() bool {
	if l.Type == "serial" {
		return l.Wired()
	}
	return l.Address.local()
}

// Wired tells whether devices must be wired to this machine. Who is in a radio's
// range, or reaches a server of lines, need not be.
func (l *SerialLine) Wired() bool {
	if address, ok := serial.TCP(l.Device); ok {
		return Addresses{address}.local()
	}
	return !slices.Contains([]string{"xbee", "loralink", "aquila"}, l.Framing)
}

// serial checks what belongs to listeners of that type, and that others have none
// of it.
func (v *validator) serial(lines map[string]string, at string, l *MQTTSNListener) {
	if l.Type != "serial" {
		v.only(at, l.Type, serialKeys, "serial")
		return
	}
	v.only(at, l.Type, udpKeys, "udp")
	path := child(at, "device")
	if err := serial.CheckDevice(l.Device); err != nil {
		v.wrong(path, "%s = %q: %v", shown(path), l.Device, err)
	} else if before, ok := lines[l.Device]; ok {
		v.wrong(path, "%s = %q: taken already%s", shown(path), l.Device, before)
	}
	lines[l.Device] = v.seenAt(path)
	between(v, child(at, "baud"), l.Baud, serial.LeastBaud, serial.MostBaud)
	v.oneOf(child(at, "mode"), l.Mode, serial.Modes...)
	between(v, child(at, "xbee_api"), l.XBeeAPI, 1, 2)
	between(v, child(at, "line_address"), l.LineAddress, 0, 254)
	between(v, child(at, "settle"), l.Settle, 0, Duration(time.Minute))
	between(v, child(at, "turnaround"), l.Turnaround, 0, Duration(time.Second))
	path = child(at, "framing")
	if !slices.Contains(framing.Names(), l.Framing) {
		v.oneOf(path, l.Framing, framing.Names()...)
		return
	}
	if _, err := framing.New(l.Framing, framing.Options{MTU: int(l.MaxFrame)}); err != nil {
		path = child(at, "max_frame")
		v.wrong(path, "%s = %s: %s", shown(path), quoted(l.MaxFrame), strings.TrimPrefix(err.Error(), "framing: "))
	}
	if _, ok := framing.Everybody(l.Framing); !ok && l.AdvertiseInterval != 0 {
		path := child(at, "advertise_interval")
		v.wrong(path, "%s: framing = %q has no address for everybody; leave it out", shown(path), l.Framing)
	}
	usual := defaultSerialLine()
	if path := child(at, "xbee_api"); l.XBeeAPI != usual.XBeeAPI && l.Framing != "xbee" {
		v.wrong(path, "%s is for framing = \"xbee\"", shown(path))
	}
	if path := child(at, "line_address"); l.LineAddress != usual.LineAddress && l.Framing != "radiohead" {
		v.wrong(path, "%s is for framing = \"radiohead\"", shown(path))
	}
}
