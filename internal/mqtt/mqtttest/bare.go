package mqtttest

import (
	"reflect"

	"snbroker/internal/mqtt"
)

// Bare returns a server's packet without its reason string, which is for people
// to read; a frame that has none, or is not a packet, comes back as it is. AUTH
// keeps its own.
func Bare(frame []byte, v mqtt.Version) []byte {
	d := mqtt.Decoder{Version: v, From: mqtt.FromServer}
	p, err := d.Decode(frame)
	if err != nil || p.Type() == mqtt.TypeAuth {
		return frame
	}
	properties := reflect.ValueOf(p).Elem().FieldByName("Properties")
	if !properties.IsValid() {
		return frame
	}
	reason := properties.FieldByName("ReasonString")
	if !reason.IsValid() || reason.IsNil() {
		return frame
	}
	reason.SetZero()
	b, err := p.AppendTo(nil, v)
	if err != nil {
		return frame
	}
	return b
}
