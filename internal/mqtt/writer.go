package mqtt

import "encoding/binary"

// writer appends fields. Like reader, it remembers its first failure.
//
// Lengths that are only known afterwards are written by open and close: one
// byte is reserved, which is right for most packets, and close moves the
// content up when more are needed. That keeps the list of fields in one place;
// PUBLISH and the acknowledgements, where the move would cost, compute their
// size beforehand instead.
type writer struct {
	b   []byte
	err *Error
}

func (w *writer) fail(e *Error) {
	if w.err == nil {
		w.err = e
	}
}

func (w *writer) uint8(v byte)    { w.b = append(w.b, v) }
func (w *writer) uint16(v uint16) { w.b = binary.BigEndian.AppendUint16(w.b, v) }
func (w *writer) uint32(v uint32) { w.b = binary.BigEndian.AppendUint32(w.b, v) }
func (w *writer) varint(v uint32) { w.b = appendVarint(w.b, int(v)) }
func (w *writer) raw(b []byte)    { w.b = append(w.b, b...) }

// binary writes Binary Data or a UTF-8 Encoded String, which look the same.
func (w *writer) binary(b []byte) {
	if len(b) > maxText {
		w.fail(ErrTextTooLong)
		return
	}
	w.uint16(uint16(len(b)))
	w.raw(b)
}

func (w *writer) packetID(id uint16) {
	if id == 0 {
		w.fail(ErrPacketID)
	}
	w.uint16(id)
}

// header starts a packet; close its mark when the body is complete.
func (w *writer) header(t PacketType, flags byte) (mark int) {
	w.uint8(byte(t)<<4 | flags)
	return w.open()
}

func (w *writer) open() (mark int) {
	w.b = append(w.b, 0)
	return len(w.b)
}

func (w *writer) close(mark int) {
	n := len(w.b) - mark
	if n > MaxRemainingLength {
		w.fail(ErrPacketTooLarge)
		return
	}
	if more := varintSize(n) - 1; more > 0 {
		w.b = append(w.b, 0, 0, 0)[:mark+n+more]
		copy(w.b[mark+more:], w.b[mark:mark+n])
	}
	appendVarint(w.b[:mark-1], n) // in place: the room has just been made
}

// done returns what was written, or on failure b, which the writer started
// from.
func (w *writer) done(b []byte) ([]byte, error) {
	if w.err != nil {
		return b, w.err
	}
	return w.b, nil
}

// The prop methods write one property each; absent values write nothing.

func (w *writer) propByte(id propertyID, v byte) {
	w.b = append(w.b, byte(id), v)
}

func (w *writer) propUint16(id propertyID, v uint16) {
	w.uint8(byte(id))
	w.uint16(v)
}

func (w *writer) propUint32(id propertyID, v uint32) {
	w.uint8(byte(id))
	w.uint32(v)
}

func (w *writer) propBytes(id propertyID, v []byte) {
	if v == nil {
		return
	}
	w.uint8(byte(id))
	w.binary(v)
}
