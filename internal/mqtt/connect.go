package mqtt

// Connect opens a session. It carries its own version, whatever the one that
// AppendTo is given.
//
//	protocol name | level | flags | keep alive | [5.0] properties |
//	client id | [will] | [user name] | [password]
type Connect struct {
	Version     Version
	Bridge      bool // level bit 0x80, by which 3.x bridges announce themselves; not in any standard
	CleanStart  bool // Clean Session in 3.x
	KeepAlive   uint16
	ClientID    []byte
	HasUsername bool
	HasPassword bool
	Username    []byte
	Password    []byte
	Will        *Will // nil, or the room below
	Properties  ConnectProperties

	will Will
}

const (
	flagCleanStart = 0x02
	flagWill       = 0x04
	flagWillQoS    = 0x18
	flagWillRetain = 0x20
	flagPassword   = 0x40
	flagUsername   = 0x80

	bridgeBit = 0x80
)

func (*Connect) Type() PacketType { return TypeConnect }

func (p *Connect) decode(d *Decoder, headerFlags byte, body []byte) error {
	*p = Connect{}
	r := reader{b: body}
	name := r.binary()
	level := r.uint8()
	if r.err != nil {
		return r.err
	}
	if err := p.identify(d, name, level); err != nil {
		return err
	}
	v := p.Version
	if headerFlags != 0 && v != V31 {
		return ErrHeaderFlags // [MQTT-2.1.3-1]
	}

	flags := r.uint8()
	p.KeepAlive = r.uint16()
	if r.err != nil {
		return r.err
	}
	if err := checkConnectFlags(flags, v); err != nil {
		return err
	}
	p.CleanStart = flags&flagCleanStart != 0
	if v == V5 {
		p.Properties.decode(&r, d.From)
	}

	p.ClientID = r.text() // [MQTT-3.1.3-3] [MQTT-3.1.3-4]
	if flags&flagWill != 0 {
		p.Will = &p.will
		p.will.QoS = QoS(flags & flagWillQoS >> 3)
		p.will.Retain = flags&flagWillRetain != 0
		p.will.decode(&r, v, d.From) // [MQTT-3.1.2-9]
	}
	// 3.1 keeps a promise to the clients before it: a flag whose field is not
	// there, because the packet ends, is as if it was not set.
	if flags&flagUsername != 0 && (v != V31 || r.remaining() > 0) {
		p.HasUsername = true
		p.Username = r.text() // [MQTT-3.1.2-17] [MQTT-3.1.3-12]
	}
	if flags&flagPassword != 0 && (v != V31 || r.remaining() > 0) {
		p.HasPassword = true
		p.Password = r.binary() // [MQTT-3.1.2-19]
	}
	return r.end() // [MQTT-3.1.2-16] [MQTT-3.1.2-18]
}

// identify decides on the version from protocol name and level, and tells d.
func (p *Connect) identify(d *Decoder, name []byte, level byte) error {
	switch string(name) {
	case "MQTT":
		switch level {
		case 4, 4 | bridgeBit:
			p.Version = V311
		case 5:
			p.Version = V5
		}
	case "MQIsdp":
		if level&^bridgeBit == 3 {
			p.Version = V31
		}
	default:
		return ErrProtocolName // [MQTT-3.1.2-1]
	}
	p.Bridge = level&bridgeBit != 0
	if p.Version == 0 { // [MQTT-3.1.2-2]
		d.Version = V311
		if level > 5 && level&bridgeBit == 0 {
			d.Version = V5
		}
		return ErrProtocolVersion
	}
	d.Version = p.Version
	return nil
}

func checkConnectFlags(flags byte, v Version) error {
	if flags&flagWill != 0 && flags&flagWillQoS == flagWillQoS {
		return ErrWillQoS // [MQTT-3.1.2-12]
	}
	if v != V5 && flags&flagPassword != 0 && flags&flagUsername == 0 {
		return ErrPasswordAlone // [MQTT-3.1.2-22] of 3.1.1
	}
	if v == V31 {
		return nil // bit 0 is "not used"; will bits without a will are "disregarded"
	}
	if flags&0x01 != 0 {
		return ErrConnectFlags // [MQTT-3.1.2-3]
	}
	if flags&flagWill == 0 && flags&(flagWillQoS|flagWillRetain) != 0 {
		return ErrWillFlags // [MQTT-3.1.2-11] [MQTT-3.1.2-13]
	}
	return nil
}

func (p *Connect) AppendTo(b []byte, v Version) ([]byte, error) {
	if p.Version != 0 {
		v = p.Version
	}
	if !v.known() {
		return b, ErrVersion
	}
	if v != V5 && p.HasPassword && !p.HasUsername {
		return b, ErrPasswordAlone
	}
	if p.Will != nil && p.Will.QoS > QoS2 {
		return b, ErrWillQoS
	}
	w := writer{b: b}
	packet := w.header(TypeConnect, 0)
	if v == V31 {
		w.raw([]byte("\x00\x06MQIsdp"))
	} else {
		w.raw([]byte("\x00\x04MQTT"))
	}
	level := byte(v)
	if p.Bridge && v != V5 {
		level |= bridgeBit
	}
	w.uint8(level)
	w.uint8(p.flags())
	w.uint16(p.KeepAlive)
	if v == V5 {
		p.Properties.write(&w)
	}
	w.binary(p.ClientID)
	if p.Will != nil {
		p.Will.write(&w, v)
	}
	if p.HasUsername {
		w.binary(p.Username)
	}
	if p.HasPassword {
		w.binary(p.Password)
	}
	w.close(packet)
	return w.done(b)
}

func (p *Connect) flags() (flags byte) {
	if p.CleanStart {
		flags |= flagCleanStart
	}
	if p.Will != nil {
		flags |= flagWill | byte(p.Will.QoS)<<3
		if p.Will.Retain {
			flags |= flagWillRetain
		}
	}
	if p.HasPassword {
		flags |= flagPassword
	}
	if p.HasUsername {
		flags |= flagUsername
	}
	return flags
}
