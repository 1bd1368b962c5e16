package framing

// Firmware prints: boot messages, faults, printf. That comes down the same line,
// between frames, and is worth showing.

// IsText tells whether b is nothing but printable ASCII and what terminals take:
// tabs, line ends, escape sequences.
func IsText(b []byte) bool {
	for _, c := range b {
		switch {
		case ' ' <= c && c <= '~', c == '\n', c == '\r', c == '\t', c == '\x1b':
		default:
			return false
		}
	}
	return len(b) > 0
}

// printed tells text from the beginning of a frame that is all printable so far.
// A message's second octet is its type, and none is printable; what begins as
// text ends as text at the end of its line.
func printed(b []byte) bool {
	return len(b) >= 2 && ' ' <= b[1] && b[1] <= '~' && IsText(b)
}

// strays collects octets that are in no frame.
type strays struct {
	buf    []byte
	why    error // other than ErrStray, of the last ones
	silent bool  // the line is: no more of them come
}

const mostStrays = 256

// add keeps an octet. It is time to take what was collected when it says full.
func (s *strays) add(c byte) (full bool) {
	s.buf = append(s.buf, c)
	return len(s.buf) >= mostStrays || c == '\n' && IsText(s.buf)
}

func (s *strays) any() bool { return len(s.buf) > 0 }

// rest is the outcome of n octets that ended no frame.
func (s *strays) rest(n int) (int, Event) {
	silent := s.silent
	s.silent = false
	if silent && s.any() {
		return n, s.take()
	}
	return n, Event{}
}

func (s *strays) take() Event {
	e := Event{Kind: Noise, Data: s.buf, Err: s.why}
	if e.Err == nil {
		e.Err = ErrStray
	}
	s.buf, s.why = s.buf[:0], nil
	return e
}
