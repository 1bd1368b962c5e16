package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"time"
)

// Authenticate decides on a request. It may take the time of a password hash
// and wait for a worker, so an owner of many sessions calls it elsewhere than
// in its loop; ctx ends the wait.
func (a *Auth) Authenticate(ctx context.Context, r Request) Decision {
	s := a.load()
	if s == nil {
		return refuse(ReasonUnavailable)
	}
	if _, banned := a.guard.Banned(s.now(), r.Address.Addr(), r.ClientID); banned {
		return a.counted(refuse(ReasonBanned))
	}
	return a.settle(s, &r, s.identify(ctx, &r))
}

// settle is what follows however the identity was proved.
func (a *Auth) settle(s *snapshot, r *Request, d Decision) Decision {
	if d.Allowed {
		d.Identity.stamp = s.stamp(&d.Identity)
	}
	if d.Allowed && r.Proof != nil {
		if d.Identity.Proof = r.Proof; !r.Proof.Good() {
			d = refuse(ReasonBadCredentials) // it was, when TLS looked at it
		}
	}
	if d.Allowed && !s.mayUse(&d.Identity, r.ClientID) {
		d = refuse(ReasonClientID)
	}
	if d.Allowed && a.load() != s && !a.Valid(&d.Identity) {
		d = refuse(ReasonBadCredentials) // a reload overtook it
	}
	now := s.now()
	switch {
	case d.Allowed:
		if _, banned := a.guard.Connected(now, r.Address.Addr(), r.ClientID); banned {
			d = refuse(ReasonBanned)
		}
	case d.Reason == ReasonBadCredentials:
		a.guard.Failed(now, r.Address.Addr(), r.ClientID)
	}
	return a.counted(d)
}

func (s *snapshot) identify(ctx context.Context, r *Request) Decision {
	switch {
	case r.CertificateIdentity != "":
		if !validName(r.CertificateIdentity) {
			return refuse(ReasonBadCredentials)
		}
		return allow(r.CertificateIdentity, KindCertificate)
	case r.PSKIdentity != "":
		if s.psk[r.PSKIdentity] == nil { // removed since the handshake
			return refuse(ReasonBadCredentials)
		}
		return allow(r.PSKIdentity, KindPSK)
	case r.Username == "" && !r.HasPassword:
		return anonymous(r)
	case s.jwt != nil && r.HasPassword && looksLikeToken(r.Password):
		return s.jwt.authenticate(s.now(), r.Password)
	case s.users != nil:
		return s.checkPassword(ctx, r)
	case s.jwt == nil && s.scram == nil:
		return anonymous(r) // nothing to check against; the name stays unverified
	}
	return refuse(ReasonBadCredentials)
}

func anonymous(r *Request) Decision {
	if !r.AllowAnonymous {
		return refuse(ReasonNotAuthorized)
	}
	return allow("", KindAnonymous)
}

func (s *snapshot) checkPassword(ctx context.Context, r *Request) Decision {
	if r.Username == "" || !r.HasPassword {
		return refuse(ReasonBadCredentials) // says nothing about who exists
	}
	u, known := s.users[r.Username]
	digest := s.digest(r.Username, r.Password)
	if known {
		if seen := u.seen.Load(); seen != nil && subtle.ConstantTimeCompare(seen[:], digest[:]) == 1 {
			return allow(r.Username, KindPassword)
		}
	}
	h := s.standIn(r.Username)
	if known {
		h = u.hash
	}
	right := false
	if err := s.pool.do(ctx, func() { right = h.verify(r.Password) }); err != nil {
		return refuse(ReasonBusy)
	}
	if !known || !right {
		return refuse(ReasonBadCredentials)
	}
	u.seen.Store(&digest)
	return allow(r.Username, KindPassword)
}

// standIn is the hash whose time an unknown user's password is given: one of
// the file's, so that in a file of mixed costs unknown names spread over them
// as known ones do, and always the same for a name.
func (s *snapshot) standIn(name string) hash {
	if len(s.names) == 0 {
		return nobody
	}
	pick := binary.BigEndian.Uint64(sign256(s.fake[:], "cost\x00"+name))
	return s.users[s.names[pick%uint64(len(s.names))]].hash
}

// nobody's password cannot be guessed: no sum is all zero in practice, and the
// answer is not looked at.
var nobody hash = &argon2Hash{
	memory: defaultArgon2Memory, passes: 1, lanes: 1,
	salt: make([]byte, 16), sum: make([]byte, 32),
}

func (s *snapshot) digest(name string, password []byte) (d [32]byte) {
	m := hmac.New(sha256.New, s.secret[:])
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(name)))
	m.Write(n[:])
	m.Write([]byte(name))
	m.Write(password)
	m.Sum(d[:0])
	return d
}

// clockSet: machines without a clock wake up in 1970, when every token is yet
// to expire. This code is younger than that.
func clockSet(now time.Time) bool { return now.Unix() >= 1_735_689_600 } // 2025
