package mqtt

import "encoding/binary"

// reader walks over bytes it does not own. The first failure sticks and every
// later read returns zero, so decoders check once, before they rely on what
// they read. What it returns aliases the input, with capacity cut off so that
// an append by the holder cannot write into the frame.
type reader struct {
	b   []byte
	off int
	err *Error
}

func (r *reader) fail(e *Error) {
	if r.err == nil {
		r.err = e
	}
	r.off = len(r.b)
}

func (r *reader) remaining() int { return len(r.b) - r.off }

func (r *reader) uint8() byte {
	if r.remaining() < 1 {
		r.fail(ErrTruncated)
		return 0
	}
	c := r.b[r.off]
	r.off++
	return c
}

func (r *reader) uint16() uint16 {
	if r.remaining() < 2 {
		r.fail(ErrTruncated)
		return 0
	}
	v := binary.BigEndian.Uint16(r.b[r.off:])
	r.off += 2
	return v
}

func (r *reader) uint32() uint32 {
	if r.remaining() < 4 {
		r.fail(ErrTruncated)
		return 0
	}
	v := binary.BigEndian.Uint32(r.b[r.off:])
	r.off += 4
	return v
}

func (r *reader) varint() int {
	v, size, err := varint(r.b[r.off:])
	if err != nil {
		r.fail(err)
		return 0
	}
	r.off += size
	return v
}

// binary reads Binary Data: a two byte length and that many bytes.
func (r *reader) binary() []byte {
	n := int(r.uint16())
	if r.remaining() < n {
		r.fail(ErrTruncated)
	}
	if r.err != nil {
		return nil
	}
	b := r.b[r.off : r.off+n : r.off+n]
	r.off += n
	return b
}

// text reads a UTF-8 Encoded String.
func (r *reader) text() []byte {
	b := r.binary()
	if !validText(b) {
		r.fail(ErrUTF8)
		return nil
	}
	return b
}

// topicName reads a UTF-8 Encoded String that must be a topic name.
func (r *reader) topicName() []byte {
	b := r.binary()
	if r.err != nil {
		return nil
	}
	if err := checkTopicName(b); err != nil {
		r.fail(err)
		return nil
	}
	return b
}

// packetID reads a packet identifier where one is required.
func (r *reader) packetID() uint16 {
	id := r.uint16()
	if id == 0 {
		r.fail(ErrPacketID) // [MQTT-2.2.1-3] [MQTT-2.2.1-4]
	}
	return id
}

func (r *reader) rest() []byte {
	b := r.b[r.off:len(r.b):len(r.b)]
	r.off = len(r.b)
	return b
}

// end returns what stopped the reader, or ErrTrailingBytes if it has not
// reached the end. The plain error type keeps a nil *Error out of interfaces.
func (r *reader) end() error {
	if r.err != nil {
		return r.err
	}
	if r.remaining() > 0 {
		return ErrTrailingBytes
	}
	return nil
}
