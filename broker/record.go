package broker

import (
	"encoding/binary"
	"errors"
)

// recordKind is the first octet of a record. What follows are varints, and
// texts with their length before them.
type recordKind uint8

const (
	recordSession  recordKind = 1  // all of a session but its queue: replaces what was before
	recordEnd      recordKind = 2  // number: the session is gone
	recordSub      recordKind = 3  // number, subscription
	recordUnsub    recordKind = 4  // number, filter
	recordMessage  recordKind = 5  // a message, and whose queue it is in
	recordDone     recordKind = 6  // number, sequence: a delivery is finished, or given up
	recordReleased recordKind = 7  // number, sequence: PUBREC has come for it
	recordReceived recordKind = 8  // number, packet id: of a QoS 2 PUBLISH that went nowhere
	recordFreed    recordKind = 9  // number, packet id: PUBREL has come
	recordKept     recordKind = 10 // number, octets: more of what a gateway keeps with it
	recordDetached recordKind = 11 // number, flags, deadlines: its connection ended
	recordClock    recordKind = 12 // what time it is, see clock.go
	recordReplayed recordKind = 13 // number, filter: its retained messages were delivered
)

var errRecord = errors.New("broker: a record that makes no sense")

func appendUint(b []byte, v uint64) []byte { return binary.AppendUvarint(b, v) }

func appendText[T ~string | ~[]byte](b []byte, s T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendNumbers(b []byte, kind recordKind, no, value uint32) []byte {
	return appendUint(appendUint(append(b, byte(kind)), uint64(no)), uint64(value))
}

// fields reads a record. After the first that is not there all are zero, and
// bad is set.
type fields struct {
	b   []byte
	bad bool
}

func (f *fields) fail() {
	f.b, f.bad = nil, true
}

func (f *fields) octet() byte {
	if len(f.b) == 0 {
		f.fail()
		return 0
	}
	v := f.b[0]
	f.b = f.b[1:]
	return v
}

func (f *fields) uint() uint64 {
	v, n := binary.Uvarint(f.b)
	if n <= 0 {
		f.fail()
		return 0
	}
	f.b = f.b[n:]
	return v
}

// limited is uint for a value that must not be above most.
func (f *fields) limited(most uint64) uint64 {
	v := f.uint()
	if v > most {
		f.fail()
		return 0
	}
	return v
}

func (f *fields) uint32() uint32 { return uint32(f.limited(1<<32 - 1)) }
func (f *fields) uint16() uint16 { return uint16(f.limited(1<<16 - 1)) }

// count is the number of items that follow, of at least one octet each.
func (f *fields) count() int { return int(f.limited(uint64(len(f.b)))) }

// text aliases the record.
func (f *fields) text() []byte {
	n := f.count()
	if n > len(f.b) {
		f.fail()
		return nil
	}
	v := f.b[:n:n]
	f.b = f.b[n:]
	return v
}

// end reports whether all was there, and nothing else.
func (f *fields) end() error {
	if f.bad || len(f.b) > 0 {
		return errRecord
	}
	return nil
}
