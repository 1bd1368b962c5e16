// Package mqtttest helps tests that look at packets.
package mqtttest

import "snbroker/internal/mqtt"

// Bare returns a server's packet without its reason string, which is for people
// to read; a frame that has none, or is not a packet, comes back as it is.
func Bare(frame []byte, v mqtt.Version) []byte {
	d := mqtt.Decoder{Version: v, From: mqtt.FromServer}
	p, err := d.Decode(frame)
	if err != nil {
		return frame
	}
	var reason *[]byte
	switch p := p.(type) {
	case *mqtt.Connack:
		reason = &p.Properties.ReasonString
	case *mqtt.Disconnect:
		reason = &p.Properties.ReasonString
	case *mqtt.Suback:
		reason = &p.Properties.ReasonString
	case *mqtt.Unsuback:
		reason = &p.Properties.ReasonString
	case *mqtt.Puback:
		reason = &p.Properties.ReasonString
	case *mqtt.Pubrec:
		reason = &p.Properties.ReasonString
	case *mqtt.Pubrel:
		reason = &p.Properties.ReasonString
	case *mqtt.Pubcomp:
		reason = &p.Properties.ReasonString
	}
	if reason == nil || *reason == nil {
		return frame
	}
	*reason = nil
	b, err := p.AppendTo(nil, v)
	if err != nil {
		return frame
	}
	return b
}
