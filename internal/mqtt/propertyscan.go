package mqtt

// propertyScanner steps through a property block, and does every check that
// does not depend on the meaning of a property.
type propertyScanner struct {
	reader
	where packetSet // the one packet this block is in
	from  Origin
	seen  uint64 // a bit per propertyID

	// The property that next stopped at.
	id    propertyID
	start int    // offset of its identifier; it ends at reader.off
	num   uint32 // of an integer
	data  []byte // of a string or binary data; the name of a pair
	value []byte // the value of a pair
}

// properties reads the length of a property block and steps over the block,
// which the returned scanner then walks.
func (r *reader) properties(where packetSet, from Origin) propertyScanner {
	n := r.varint()
	if r.err == nil && n > r.remaining() {
		r.fail(ErrPropertyLength)
	}
	s := propertyScanner{where: where, from: from}
	if r.err != nil {
		s.err = r.err
		return s
	}
	s.b = r.b[r.off : r.off+n : r.off+n]
	r.off += n
	return s
}

// next reports whether there is a property. After false, err says why.
func (s *propertyScanner) next() bool {
	if s.err != nil || s.off == len(s.b) {
		return false
	}
	s.start = s.off
	// An identifier is a variable byte integer, but all that exist fit a byte,
	// so that the longer ones are as unknown as the short ones off the table.
	s.id = propertyID(s.uint8())
	if int(s.id) >= len(properties) || properties[s.id].kind == kindNone {
		s.fail(ErrPropertyUnknown)
		return false
	}
	info := &properties[s.id]
	if info.from(s.from)&s.where == 0 {
		if info.from(FromEither)&s.where != 0 {
			s.fail(ErrPropertyOrigin)
		} else {
			s.fail(ErrPropertyPacket)
		}
		return false
	}
	if bit := uint64(1) << s.id; s.seen&bit == 0 {
		s.seen |= bit
	} else if info.repeat&s.where == 0 {
		s.fail(ErrPropertyDuplicate)
		return false
	}
	s.readValue(info.kind)
	return s.err == nil
}

func (i *propertyInfo) from(o Origin) packetSet { return o.sent(i.client, i.server) }

func (s *propertyScanner) readValue(k kind) {
	switch k {
	case kindBit:
		s.num = uint32(s.uint8())
		if s.num > 1 {
			s.fail(ErrPropertyRange)
		}
	case kindUint16:
		s.num = uint32(s.uint16())
	case kindCount16:
		s.num = uint32(s.uint16())
		s.refuseZero(ErrPropertyRange)
	case kindAlias:
		s.num = uint32(s.uint16())
		s.refuseZero(ErrTopicAlias) // [MQTT-3.3.2-8]
	case kindUint32:
		s.num = s.uint32()
	case kindCount32:
		s.num = s.uint32()
		s.refuseZero(ErrPropertyRange)
	case kindCountVar:
		s.num = uint32(s.varint())
		s.refuseZero(ErrPropertyRange)
	case kindText:
		s.data = s.text()
	case kindTopic:
		s.data = s.topicName()
	case kindBinary:
		s.data = s.binary()
	case kindPair: // [MQTT-1.5.7-1]
		s.data = s.text()
		s.value = s.text()
	}
}

func (s *propertyScanner) refuseZero(e *Error) {
	if s.num == 0 {
		s.fail(e) // after a truncated read, that failure came first and stays
	}
}

// end carries a failure inside the block over to the packet's reader.
func (s *propertyScanner) end(r *reader) {
	if s.err != nil {
		r.fail(s.err)
	}
}

// gather collects the encoded bytes of chosen properties in their order. While
// they are neighbours that is a piece of the block itself; only when others
// stand between them are they copied, into own.
type gather struct {
	start, end int
	copied     bool
	own        []byte
}

// add takes the property that s has stopped at.
func (g *gather) add(s *propertyScanner) {
	switch {
	case g.copied:
		g.own = append(g.own, s.b[s.start:s.off]...)
	case g.start == g.end:
		g.start, g.end = s.start, s.off
	case g.end == s.start:
		g.end = s.off
	default:
		g.copied = true
		g.own = append(append(g.own[:0], s.b[g.start:g.end]...), s.b[s.start:s.off]...)
	}
}

// bytes returns what was collected, nil if nothing was.
func (g *gather) bytes(s *propertyScanner) []byte {
	switch {
	case g.copied:
		return g.own[:len(g.own):len(g.own)]
	case g.start == g.end:
		return nil
	}
	return s.b[g.start:g.end:g.end]
}
