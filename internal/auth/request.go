package auth

import (
	"net/netip"
	"time"
)

// Request is what a client brought along.
type Request struct {
	ClientID string
	Username string

	HasPassword bool
	Password    []byte // not kept, not modified

	// CertificateIdentity is the name in a client certificate that TLS has
	// verified, where the listener takes it for the username.
	CertificateIdentity string
	// Proof is what the certificate proves as long as it is good, whether it names
	// the client or not; nil without one.
	Proof Proof
	// PSKIdentity is the identity that the DTLS handshake has proved.
	PSKIdentity string

	// Address of the peer, zero when there is none or when it has not been
	// proved: failures count against it, so a forged one would ban its owner.
	Address netip.AddrPort

	// AllowAnonymous is the listener's setting.
	AllowAnonymous bool
}

// Decision is the answer. Identity is set only when Allowed.
type Decision struct {
	Identity Identity
	Allowed  bool
	Reason   Reason
	// Expires is when the connection has to end, zero for never.
	Expires time.Time
}

func allow(name string, kind Kind) Decision {
	return Decision{Identity: Identity{Username: name, Kind: kind}, Allowed: true}
}

func refuse(r Reason) Decision { return Decision{Reason: r} }
