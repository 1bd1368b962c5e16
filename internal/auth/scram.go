package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
)

// SCRAMMethod is the name by which MQTT 5 clients ask for it in CONNECT's
// Authentication Method.
const SCRAMMethod = "SCRAM-SHA-256"

// SCRAM is the server's side of one exchange, RFC 5802 and 7677:
//
//	client                          server
//	CONNECT client-first    ->      StartSCRAM
//	                        <-      AUTH server-first
//	AUTH client-final       ->      Finish
//	                        <-      CONNACK server-final
//
// Channel binding is not offered. Names and passwords are taken as they come:
// clients that normalise (SASLprep) what is not ASCII agree with the stored
// keys only when the password was set in normalised form.
type SCRAM struct {
	auth    *Auth
	s       *snapshot
	request Request

	keys  *scramKeys
	known bool
	first clientFirst
	nonce string // both halves
	reply string // server-first-message
	done  bool
}

// StartSCRAM takes the first message. Username and Password of r are not
// looked at. On a refusal the exchange is nil. Whether the user exists cannot
// be told from the challenge: for those who do not, salt and iterations are
// made up, the same ones each time.
func (a *Auth) StartSCRAM(r Request, first []byte) (challenge []byte, x *SCRAM, d Decision) {
	return a.startSCRAM(r, first, base64.RawStdEncoding.EncodeToString(newSalt(18)))
}

func (a *Auth) startSCRAM(r Request, first []byte, nonce string) ([]byte, *SCRAM, Decision) {
	s := a.load()
	if s == nil {
		return nil, nil, refuse(ReasonUnavailable)
	}
	if _, banned := a.guard.Banned(s.now(), r.Address.Addr(), r.ClientID); banned {
		return nil, nil, refuse(ReasonBanned)
	}
	m, ok := parseClientFirst(first)
	if !ok || s.scram == nil {
		return nil, nil, a.settle(s, &r, refuse(ReasonBadCredentials))
	}
	r.Password, r.HasPassword = nil, false // nothing of it is needed for later
	x := &SCRAM{auth: a, s: s, request: r, first: m, nonce: m.nonce + nonce}
	invented := s.inventKeys(m.user) // in either case, which takes its time
	if x.keys, x.known = s.scram[m.user]; !x.known {
		x.keys = invented
	}
	x.reply = fmt.Sprintf("r=%s,s=%s,i=%d", x.nonce,
		base64.StdEncoding.EncodeToString(x.keys.salt), x.keys.iterations)
	return []byte(x.reply), x, Decision{}
}

// Finish takes the final message. It can be called once. When the decision
// allows, final proves to the client that the server knows its keys; else it
// is an error that a client may show.
func (x *SCRAM) Finish(message []byte) (final []byte, d Decision) {
	if x == nil || x.done {
		return nil, refuse(ReasonBadCredentials)
	}
	x.done = true
	d = refuse(ReasonBadCredentials)
	signature, ok := x.prove(message)
	if ok {
		d = allow(x.first.user, KindSCRAM)
	}
	if d = x.auth.settle(x.s, &x.request, d); !d.Allowed {
		return []byte("e=invalid-proof"), d
	}
	return []byte("v=" + base64.StdEncoding.EncodeToString(signature)), d
}

// prove is RFC 5802 §3, seen from the server. All of it is computed for users
// that do not exist, too.
func (x *SCRAM) prove(message []byte) (serverSignature []byte, ok bool) {
	m, ok := parseClientFinal(message)
	if !ok {
		return nil, false
	}
	ok = m.nonce == x.nonce && m.binding == base64.StdEncoding.EncodeToString([]byte(x.first.header))
	signed := x.first.bare + "," + x.reply + "," + m.withoutProof
	var client [sha256.Size]byte
	subtle.XORBytes(client[:], m.proof, sign256(x.keys.stored, signed))
	stored := sha256.Sum256(client[:])
	right := subtle.ConstantTimeCompare(stored[:], x.keys.stored) == 1
	return sign256(x.keys.server, signed), ok && right && x.known
}

// inventKeys for a name without keys: of the size and cost that a real user
// has, and the same ones at each try.
func (s *snapshot) inventKeys(name string) *scramKeys {
	seed := sign256(s.fake[:], "scram\x00"+name)
	k := &scramKeys{iterations: defaultSCRAMIterations, salt: seed[:16], stored: seed, server: seed}
	if len(s.scramNames) > 0 {
		pick := binary.BigEndian.Uint64(sign256(s.fake[:], "cost\x00"+name))
		model := s.scram[s.scramNames[pick%uint64(len(s.scramNames))]]
		k.iterations = model.iterations
		k.salt = stretch(seed, len(model.salt))
	}
	return k
}

// stretch makes n bytes of a seed.
func stretch(seed []byte, n int) []byte {
	var b []byte
	for block := seed; len(b) < n; {
		block = sign256(seed, string(block))
		b = append(b, block...)
	}
	return b[:n]
}
