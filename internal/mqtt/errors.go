package mqtt

import "slices"

// Error is why bytes are not a packet, or a packet cannot be bytes. All are
// predeclared, so that a hostile peer cannot make the decoder allocate and
// errors.Is compares by identity.
type Error struct {
	Reason ReasonCode // what to send in the CONNACK or DISCONNECT that closes
	label  string
	text   string
}

func (e *Error) Error() string { return "mqtt: " + e.text }

// Label is a short snake_case name for metrics.
func (e *Error) Label() string { return e.label }

// Framing.
var (
	ErrVarint           = newError(ReasonMalformedPacket, "varint_too_long", "variable byte integer longer than four bytes")
	ErrVarintNotMinimal = newError(ReasonMalformedPacket, "varint_not_minimal", "variable byte integer not in its shortest form")
	ErrPacketTooLarge   = newError(ReasonPacketTooLarge, "packet_too_large", "packet too large")
	ErrFrameLength      = newError(ReasonMalformedPacket, "frame_length", "frame is not exactly one packet")
	ErrPacketType       = newError(ReasonMalformedPacket, "packet_type", "packet type is reserved")
	ErrHeaderFlags      = newError(ReasonMalformedPacket, "header_flags", "reserved bits of the fixed header")
	ErrTruncated        = newError(ReasonMalformedPacket, "truncated", "field runs past the end")
	ErrTrailingBytes    = newError(ReasonMalformedPacket, "trailing_bytes", "bytes after the last field")
)

// Order and direction.
var (
	ErrConnectFirst     = newError(ReasonProtocolError, "connect_first", "packet before CONNECT")
	ErrUnexpectedPacket = newError(ReasonProtocolError, "unexpected_packet", "packet that this end must not send")
)

// Fields shared by several packets.
var (
	ErrUTF8          = newError(ReasonMalformedPacket, "utf8", "string is not well-formed UTF-8 or contains U+0000")
	ErrPacketID      = newError(ReasonProtocolError, "packet_id", "packet identifier is zero")
	ErrReasonCode    = newError(ReasonProtocolError, "reason_code", "reason code not valid in this packet")
	ErrNoReasonCodes = newError(ReasonProtocolError, "no_reason_codes", "no reason codes")
	ErrTopicName     = newError(ReasonMalformedPacket, "topic_name", "topic name is empty or contains a wildcard")
	ErrTopicFilter   = newError(ReasonMalformedPacket, "topic_filter", "topic filter is empty or misplaces a wildcard")
)

// CONNECT and CONNACK.
var (
	ErrProtocolName    = newError(ReasonUnsupportedProtocolVersion, "protocol_name", "unknown protocol name")
	ErrProtocolVersion = newError(ReasonUnsupportedProtocolVersion, "protocol_version", "unsupported protocol version")
	ErrConnectFlags    = newError(ReasonMalformedPacket, "connect_flags", "reserved connect flag is set")
	ErrWillQoS         = newError(ReasonMalformedPacket, "will_qos", "will QoS is 3")
	ErrWillFlags       = newError(ReasonMalformedPacket, "will_flags", "will QoS or will retain without a will")
	ErrPasswordAlone   = newError(ReasonMalformedPacket, "password_alone", "password without user name")
	ErrConnackFlags    = newError(ReasonMalformedPacket, "connack_flags", "connect acknowledge flags not valid")
	ErrAuthMethod      = newError(ReasonProtocolError, "auth_method", "authentication method is missing")
)

// PUBLISH.
var (
	ErrPublishQoS = newError(ReasonMalformedPacket, "publish_qos", "QoS is 3")
	ErrPublishDup = newError(ReasonMalformedPacket, "publish_dup", "DUP with QoS 0")
	ErrTopicEmpty = newError(ReasonProtocolError, "topic_empty", "empty topic name without topic alias")
	ErrTopicAlias = newError(ReasonTopicAliasInvalid, "topic_alias", "topic alias is zero")
)

// SUBSCRIBE and UNSUBSCRIBE.
var (
	ErrNoFilters        = newError(ReasonProtocolError, "no_filters", "no topic filters")
	ErrSubscribeOptions = newError(ReasonMalformedPacket, "subscribe_options", "reserved subscription option bits")
	ErrSubscribeQoS     = newError(ReasonProtocolError, "subscribe_qos", "requested QoS is 3")
	ErrRetainHandling   = newError(ReasonProtocolError, "retain_handling", "retain handling is 3")
	ErrSharedFilter     = newError(ReasonMalformedPacket, "shared_filter", "shared subscription without a proper group or filter")
	ErrSharedNoLocal    = newError(ReasonProtocolError, "shared_no_local", "no local on a shared subscription")
)

// Properties.
var (
	ErrPropertyLength    = newError(ReasonMalformedPacket, "property_length", "property block runs past the end")
	ErrPropertyUnknown   = newError(ReasonMalformedPacket, "property_unknown", "unknown property")
	ErrPropertyPacket    = newError(ReasonMalformedPacket, "property_packet", "property does not belong in this packet")
	ErrPropertyOrigin    = newError(ReasonProtocolError, "property_origin", "property that this end must not send")
	ErrPropertyDuplicate = newError(ReasonProtocolError, "property_duplicate", "property more than once")
	ErrPropertyRange     = newError(ReasonProtocolError, "property_range", "property value out of range")
)

// Encoding only: the caller's fault, never the peer's.
var (
	ErrTextTooLong = newError(ReasonUnspecifiedError, "text_too_long", "string or binary data longer than 65535 bytes")
	ErrVersion     = newError(ReasonUnspecifiedError, "version", "packet does not exist in this version")
)

// declared holds every Error; package variables are initialised in the order
// of their dependencies, so it is ready before the first newError.
var declared []*Error

func newError(reason ReasonCode, label, text string) *Error {
	e := &Error{Reason: reason, label: label, text: text}
	declared = append(declared, e)
	return e
}

// Errors returns every error of this package, so that metrics can exist at
// zero before the first failure.
func Errors() []*Error { return slices.Clone(declared) }
