package mqtt

// Will is the message that the server publishes for a client that is lost. It
// travels inside CONNECT.
//
//	[5.0] properties | topic | payload
type Will struct {
	Topic      []byte
	Payload    []byte
	QoS        QoS
	Retain     bool
	Properties WillProperties
}

// WillProperties belong to 5.0.
type WillProperties struct {
	WillDelay        uint32 // seconds; absent is 0
	MessageExpiry    uint32 // seconds
	HasMessageExpiry bool
	Forward          []byte // see [ValidForward]
}

func (p *Will) decode(r *reader, v Version, from Origin) {
	if v == V5 {
		p.Properties.decode(r, from)
	}
	p.Topic = r.topicName() // [MQTT-3.1.3-11]
	p.Payload = r.binary()
}

func (p *WillProperties) decode(r *reader, from Origin) {
	s := r.properties(inWill, from)
	var forward gather
	for s.next() {
		switch s.id {
		case propWillDelay:
			p.WillDelay = s.num
		case propMessageExpiry:
			p.MessageExpiry, p.HasMessageExpiry = s.num, true
		default: // the scanner lets no other through; order is kept, [MQTT-3.1.3-10]
			forward.add(&s)
		}
	}
	p.Forward = forward.bytes(&s)
	s.end(r)
}

func (p *Will) write(w *writer, v Version) {
	if len(p.Topic) == 0 {
		w.fail(ErrTopicName)
	}
	if v == V5 {
		block := w.open()
		if p.Properties.WillDelay != 0 {
			w.propUint32(propWillDelay, p.Properties.WillDelay)
		}
		if p.Properties.HasMessageExpiry {
			w.propUint32(propMessageExpiry, p.Properties.MessageExpiry)
		}
		w.raw(p.Properties.Forward)
		w.close(block)
	}
	w.binary(p.Topic)
	w.binary(p.Payload)
}
