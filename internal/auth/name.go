package auth

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is what an MQTT string can carry.
const maxName = 65535

// validName: whether s can be a username at all, whatever proved it. Names end
// up in logs and topics, so nothing invisible is let in.
func validName(s string) bool {
	if s == "" || len(s) > maxName || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return false
		}
	}
	return true
}

// nameProblem says why s cannot be a name in a file of name:secret lines, or "".
func nameProblem(s string) string {
	switch {
	case s == "":
		return "the name is empty"
	case len(s) > maxName:
		return "the name is too long"
	case !validName(s):
		return "the name holds control characters or is not UTF-8"
	case strings.Contains(s, ":"):
		return "a name cannot contain ':'"
	case strings.TrimSpace(s) != s:
		return "the name begins or ends with a blank"
	case s[0] == '#':
		return "a name cannot begin with '#', that makes a comment"
	case strings.HasPrefix(s, byteOrderMark):
		return "the name begins with a byte order mark"
	}
	return ""
}
