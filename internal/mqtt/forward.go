package mqtt

import "iter"

// A Forward block is the encoded form, without a length, of those properties
// of a message that a server passes on unaltered and in order: payload format
// indicator, content type, response topic, correlation data, user properties.
// The User fields of other packets have the same form, with user properties
// only.
//
// A block from a Decoder is valid. One that an append function below has built
// is as valid as its arguments; text over 65535 bytes is cut, since these
// functions have no error to give.

// ValidForward reports whether block can be a Forward block: for those that
// come from elsewhere, such as a file.
func ValidForward(block []byte) bool {
	s := scanForward(block)
	for s.next() {
		if inForward&(1<<s.id) == 0 {
			return false
		}
	}
	return s.err == nil
}

func scanForward(block []byte) propertyScanner {
	return propertyScanner{reader: reader{b: block}, where: inPublish}
}

// ForwardProperties is a Forward block taken apart, user properties left out;
// see [UserProperties]. The slices are nil where a property is absent.
type ForwardProperties struct {
	HasPayloadFormat bool
	PayloadFormat    byte // 0 bytes, 1 UTF-8
	ContentType      []byte
	ResponseTopic    []byte
	CorrelationData  []byte
}

// ParseForward takes a Forward block apart, aliasing it. It stops where the
// block is not valid.
func ParseForward(block []byte) (p ForwardProperties) {
	s := scanForward(block)
	for s.next() {
		switch s.id {
		case propPayloadFormat:
			p.HasPayloadFormat, p.PayloadFormat = true, byte(s.num)
		case propContentType:
			p.ContentType = s.data
		case propResponseTopic:
			p.ResponseTopic = s.data
		case propCorrelationData:
			p.CorrelationData = s.data
		}
	}
	return p
}

// Append writes p as a Forward block, to which user properties can be added.
func (p *ForwardProperties) Append(b []byte) []byte {
	if p.HasPayloadFormat {
		b = AppendPayloadFormat(b, p.PayloadFormat)
	}
	if p.ContentType != nil {
		b = appendTextProperty(b, propContentType, p.ContentType)
	}
	if p.ResponseTopic != nil {
		b = appendTextProperty(b, propResponseTopic, p.ResponseTopic)
	}
	if p.CorrelationData != nil {
		b = AppendCorrelationData(b, p.CorrelationData)
	}
	return b
}

// UserProperties yields the names and values of the user properties in a
// Forward or User block, in order [MQTT-3.3.2-18].
func UserProperties(block []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		s := scanForward(block)
		for s.next() {
			if s.id == propUser && !yield(s.data, s.value) {
				return
			}
		}
	}
}

// AppendUserProperty adds a user property to a Forward or User block.
func AppendUserProperty[T ~string | ~[]byte](block []byte, name, value T) []byte {
	block = append(block, byte(propUser))
	return appendText(appendText(block, name), value)
}

// AppendPayloadFormat adds a payload format indicator: 0 bytes, 1 UTF-8.
func AppendPayloadFormat(block []byte, format byte) []byte {
	return append(block, byte(propPayloadFormat), format)
}

// AppendContentType adds a content type.
func AppendContentType[T ~string | ~[]byte](block []byte, contentType T) []byte {
	return appendTextProperty(block, propContentType, contentType)
}

// AppendResponseTopic adds a response topic.
func AppendResponseTopic[T ~string | ~[]byte](block []byte, topic T) []byte {
	return appendTextProperty(block, propResponseTopic, topic)
}

// AppendCorrelationData adds correlation data.
func AppendCorrelationData[T ~string | ~[]byte](block []byte, data T) []byte {
	return appendTextProperty(block, propCorrelationData, data)
}

func appendTextProperty[T text](b []byte, id propertyID, s T) []byte {
	return appendText(append(b, byte(id)), s)
}

func appendText[T text](b []byte, s T) []byte {
	n := min(len(s), maxText)
	b = append(b, byte(n>>8), byte(n))
	return append(b, s[:n]...)
}
