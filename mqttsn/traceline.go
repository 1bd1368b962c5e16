package mqttsn

import "strconv"

// line builds a trace line: a name, then words and key=value pairs. What
// comes from a peer is quoted or in hex, so that it stays one line, and cut,
// so that a datagram cannot make a log many times its size.
type line []byte

// maxTraced holds a client id or a usual topic name in full.
const maxTraced = 64

func traceOf(m Message) line {
	return append(make(line, 0, 96), m.Type().String()...)
}

func (l line) key(key string) line {
	l = append(l, ' ')
	l = append(l, key...)
	return append(l, '=')
}

func (l line) word(word string, on bool) line {
	if !on {
		return l
	}
	l = append(l, ' ')
	return append(l, word...)
}

func (l line) num(key string, n int) line {
	return strconv.AppendInt(l.key(key), int64(n), 10)
}

func (l line) text(key, s string) line { return append(l.key(key), s...) }

func (l line) quoted(key string, s []byte) line { return l.key(key).quote(s) }

func (l line) quote(s []byte) line {
	cut := min(len(s), maxTraced)
	l = strconv.AppendQuoteToASCII(l, string(s[:cut]))
	return l.more(len(s) - cut)
}

func (l line) hex(s []byte) line {
	const digits = "0123456789abcdef"
	cut := min(len(s), maxTraced)
	for _, c := range s[:cut] {
		l = append(l, digits[c>>4], digits[c&15])
	}
	return l.more(len(s) - cut)
}

// more says how many octets were cut.
func (l line) more(n int) line {
	if n == 0 {
		return l
	}
	l = strconv.AppendInt(append(l, "...+"...), int64(n), 10)
	return l
}

func (l line) topic(t TopicIDType, id TopicID) line {
	l = append(append(l.key("topic"), t.String()...), ':')
	if t == TopicShort {
		name := [2]byte{byte(id >> 8), byte(id)}
		return l.quote(name[:])
	}
	return strconv.AppendUint(l, uint64(id), 10)
}

// subTopic is topic for SUBSCRIBE and UNSUBSCRIBE, where some types go with
// a name.
func (l line) subTopic(t TopicIDType, id TopicID, name []byte) line {
	switch t {
	case TopicNormal:
		return l.quoted("topic", name)
	case TopicReserved:
		return append(l.key("topic"), "reserved:"...).quote(name)
	}
	return l.topic(t, id)
}
