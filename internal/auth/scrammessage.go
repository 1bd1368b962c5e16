package auth

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// maxSCRAMMessage is above any honest message; user names are the longest part.
const maxSCRAMMessage = 4 << 10

// clientFirst is RFC 5802 §7's client-first-message:
//
//	n,[a=authzid],n=user,r=nonce[,extensions]
//	-- gs2 header --
type clientFirst struct {
	header string // gs2 header, which the final message repeats
	bare   string // the rest, which gets signed
	user   string
	nonce  string
}

func parseClientFirst(b []byte) (m clientFirst, ok bool) {
	if len(b) > maxSCRAMMessage || !utf8.Valid(b) {
		return m, false
	}
	s := string(b)
	flag, rest, ok1 := strings.Cut(s, ",")
	authzid, bare, ok2 := strings.Cut(rest, ",")
	// y is a client that could bind to the channel and believes that we
	// cannot, which is true. p would demand it.
	if !ok1 || !ok2 || flag != "n" && flag != "y" {
		return m, false
	}
	m.header, m.bare = s[:len(s)-len(bare)], bare
	attributes := strings.Split(bare, ",")
	if len(attributes) < 2 {
		return m, false
	}
	// Extensions may follow; m= would stand first and is mandatory to refuse.
	user, okUser := strings.CutPrefix(attributes[0], "n=")
	nonce, okNonce := strings.CutPrefix(attributes[1], "r=")
	if !okUser || !okNonce || !validNonce(nonce) || !validExtensions(attributes[2:]) {
		return m, false
	}
	m.nonce = nonce
	if m.user, ok = decodeSASLName(user); !ok {
		return m, false
	}
	if authzid == "" {
		return m, true
	}
	// To act for someone else is not offered.
	other, okOther := strings.CutPrefix(authzid, "a=")
	other, okName := decodeSASLName(other)
	return m, okOther && okName && other == m.user
}

// clientFinal is the client-final-message:
//
//	c=base64(gs2 header),r=nonce[,extensions],p=proof
type clientFinal struct {
	withoutProof string
	binding      string
	nonce        string
	proof        []byte
}

func parseClientFinal(b []byte) (m clientFinal, ok bool) {
	if len(b) > maxSCRAMMessage || !utf8.Valid(b) {
		return m, false
	}
	s := string(b)
	at := strings.LastIndex(s, ",p=") // no ',' in base64
	if at < 0 {
		return m, false
	}
	m.withoutProof = s[:at]
	attributes := strings.Split(m.withoutProof, ",")
	if len(attributes) < 2 {
		return m, false
	}
	binding, ok1 := strings.CutPrefix(attributes[0], "c=")
	nonce, ok2 := strings.CutPrefix(attributes[1], "r=")
	if !ok1 || !ok2 || !validExtensions(attributes[2:]) {
		return m, false
	}
	m.binding, m.nonce = binding, nonce
	var err error
	m.proof, err = decodeExact(base64.StdEncoding, s[at+len(",p="):], 32)
	return m, err == nil
}

// validExtensions: letters with values, none of them with a meaning of its own
// here, m= least of all.
func validExtensions(list []string) bool {
	for _, e := range list {
		if len(e) < 3 || e[1] != '=' || strings.IndexByte("acimnprsv", e[0]) >= 0 {
			return false
		}
		if c := e[0] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}

func validNonce(s string) bool {
	if s == "" || len(s) > 512 {
		return false
	}
	for i := range len(s) {
		if s[i] < 0x21 || s[i] > 0x7e || s[i] == ',' {
			return false
		}
	}
	return true
}

// decodeSASLName undoes =2C and =3D. Any other '=' is an error, as is what
// cannot be a name.
func decodeSASLName(s string) (string, bool) {
	if strings.Contains(s, "=") {
		var b strings.Builder
		for {
			before, after, found := strings.Cut(s, "=")
			b.WriteString(before)
			if !found {
				break
			}
			switch {
			case strings.HasPrefix(after, "2C"):
				b.WriteByte(',')
			case strings.HasPrefix(after, "3D"):
				b.WriteByte('=')
			default:
				return "", false
			}
			s = after[2:]
		}
		s = b.String()
	}
	return s, validName(s)
}
