package mqttsn

// Error says why a datagram could not be decoded. Anyone can send such
// datagrams in any number, so an Error is a small number: it costs no
// allocation, and counters can be an array of NumErrors.
type Error uint8

const (
	ErrEmpty            Error = iota // no octets
	ErrTruncated                     // ends inside a header
	ErrLengthMin                     // Length is less than its own header
	ErrLength                        // Length is not that of the datagram
	ErrType                          // reserved MsgType
	ErrBodyShort                     // fixed part of the body is not all there
	ErrBodyLong                      // octets after the last field
	ErrEncapsulation                 // encapsulated where a message was due
	ErrNotEncapsulated               // a message where encapsulation was due
	ErrEncapsulatedLong              // encapsulation with a long header
	ErrNodeID                        // encapsulation without a wireless node id
	ErrNoInner                       // encapsulation of nothing
	ErrInnerLength                   // inner message does not fill the datagram
	ErrNested                        // encapsulation inside encapsulation

	// NumErrors is the number of values above.
	NumErrors = int(iota)
)

var errorTexts = [NumErrors]struct{ reason, text string }{
	ErrEmpty:            {"empty", "mqttsn: empty datagram"},
	ErrTruncated:        {"truncated", "mqttsn: datagram ends inside the header"},
	ErrLengthMin:        {"length_min", "mqttsn: Length is less than the header"},
	ErrLength:           {"length", "mqttsn: Length differs from the datagram's"},
	ErrType:             {"type", "mqttsn: reserved MsgType"},
	ErrBodyShort:        {"body_short", "mqttsn: message too short for its type"},
	ErrBodyLong:         {"body_long", "mqttsn: message too long for its type"},
	ErrEncapsulation:    {"encapsulation", "mqttsn: unexpected encapsulation"},
	ErrNotEncapsulated:  {"not_encapsulated", "mqttsn: not encapsulated"},
	ErrEncapsulatedLong: {"encapsulated_long", "mqttsn: encapsulation with a long header"},
	ErrNodeID:           {"node_id", "mqttsn: encapsulation without a node id"},
	ErrNoInner:          {"no_inner", "mqttsn: encapsulation without a message"},
	ErrInnerLength:      {"inner_length", "mqttsn: encapsulated message has a wrong Length"},
	ErrNested:           {"nested", "mqttsn: encapsulation inside encapsulation"},
}

// Error implements error.
func (e Error) Error() string {
	if int(e) < NumErrors {
		return errorTexts[e].text
	}
	return "mqttsn: unknown error"
}

// Reason is one word, fit to be a metrics label.
func (e Error) Reason() string {
	if int(e) < NumErrors {
		return errorTexts[e].reason
	}
	return "unknown"
}
