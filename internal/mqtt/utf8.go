package mqtt

// maxText is the most that a UTF-8 Encoded String or Binary Data can hold.
const maxText = 65535

// text is what the validators work on, so that neither the decoder's slices
// nor configured strings need a conversion, which would allocate.
type text interface{ ~string | ~[]byte }

// validText reports whether s may stand in a UTF-8 Encoded String: well-formed
// and without surrogates [MQTT-1.5.4-1], without U+0000 [MQTT-1.5.4-2]. A BOM
// is an ordinary character [MQTT-1.5.4-3]. Control characters and
// non-characters are only discouraged, and pass.
func validText[T text](s T) bool {
	for i := plainPrefix(s); i < len(s); {
		n := runeSize(s, i)
		if n == 0 {
			return false
		}
		i += n
	}
	return true
}

// Eight bytes at a time, the sum of the usual zero-byte test is enough to see
// that none of them needs a closer look.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plainPrefix returns the length of a prefix of s, in steps of eight, that has
// only ASCII without NUL.
func plainPrefix[T text](s T) int {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if x := load64(s, i); (x|(x-ones))&highs != 0 {
			break
		}
	}
	return i
}

func load64[T text](s T, i int) uint64 {
	_ = s[i+7]
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
}

// runeSize returns the size of the character at s[i], or zero if there is
// none that MQTT allows. The bounds of the second byte are what exclude
// overlong forms (E0, F0), surrogates (ED) and what lies beyond U+10FFFF (F4).
func runeSize[T text](s T, i int) int {
	c := s[i]
	low, high, n := byte(0x80), byte(0xBF), 0
	switch {
	case c == 0:
		return 0
	case c < 0x80:
		return 1
	case c < 0xC2:
		return 0
	case c < 0xE0:
		n = 2
	case c < 0xF0:
		n = 3
		switch c {
		case 0xE0:
			low = 0xA0
		case 0xED:
			high = 0x9F
		}
	case c < 0xF5:
		n = 4
		switch c {
		case 0xF0:
			low = 0x90
		case 0xF4:
			high = 0x8F
		}
	default:
		return 0
	}
	if len(s)-i < n || s[i+1] < low || s[i+1] > high {
		return 0
	}
	for k := 2; k < n; k++ {
		if s[i+k]&0xC0 != 0x80 {
			return 0
		}
	}
	return n
}
