package mqttsn

// Message is a pointer to one of the message structs of this package.
type Message interface {
	Type() MsgType

	// AppendBinary appends the message, header included, and returns the
	// extended slice (it is an encoding.BinaryAppender). If the message
	// cannot be written b comes back as it was, with an error that wraps
	// ErrTooLong or ErrField.
	AppendBinary(b []byte) ([]byte, error)

	// decode sets every field from the octets after the header. It keeps no
	// copy: the fields alias body. Unexported, so the set of messages is
	// closed.
	decode(body []byte) error
}

// exactly is the size check of a message without a variable part: extra
// octets are an error, since nothing says what they would mean.
func exactly(body []byte, n int) error {
	switch {
	case len(body) < n:
		return ErrBodyShort
	case len(body) > n:
		return ErrBodyLong
	}
	return nil
}

// atLeast is the size check of a message whose last field takes the rest.
func atLeast(body []byte, n int) error {
	if len(body) < n {
		return ErrBodyShort
	}
	return nil
}
