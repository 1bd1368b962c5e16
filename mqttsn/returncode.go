package mqttsn

import "strconv"

// ReturnCode is how a request was answered. It is not an error: one may
// be sent, received, and be ReturnAccepted. SN §5.3.10
type ReturnCode uint8

// The codes above ReturnNotSupported are reserved. They are decoded, as a
// rejection of some kind, but not written.
const (
	ReturnAccepted       ReturnCode = 0x00
	ReturnCongestion     ReturnCode = 0x01
	ReturnInvalidTopicID ReturnCode = 0x02
	ReturnNotSupported   ReturnCode = 0x03
)

// String is one word, fit to be a metrics label.
func (rc ReturnCode) String() string {
	switch rc {
	case ReturnAccepted:
		return "accepted"
	case ReturnCongestion:
		return "congestion"
	case ReturnInvalidTopicID:
		return "invalid_topic_id"
	case ReturnNotSupported:
		return "not_supported"
	}
	return "ReturnCode(0x" + strconv.FormatUint(uint64(rc), 16) + ")"
}
