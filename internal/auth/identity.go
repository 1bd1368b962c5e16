package auth

// Identity is who a client has been proved to be.
type Identity struct {
	// Username is what ACLs know the client by. It is empty exactly when the
	// client is anonymous: a name that nobody verified is nobody's name.
	Username string
	Kind     Kind
	// Proof is what the connection rests on beside the files that are read here, a
	// certificate; nil: nothing. Two identities with different ones may be the same.
	Proof Proof

	stamp uint64 // of the secret that proved it; 0: there is none, or it is not known
}

// Proof may cease to be one: a certificate is revoked. It is safe for concurrent use.
type Proof interface{ Good() bool }

// Same reports whether two identities are one, however they were proved this time.
func (id *Identity) Same(other *Identity) bool {
	return id.Username == other.Username && id.Kind == other.Kind
}

// Kind is how an identity was proved.
type Kind uint8

const (
	KindAnonymous Kind = iota
	KindPassword
	KindCertificate
	KindPSK
	KindJWT
	KindSCRAM
)

var kindNames = [...]string{"anonymous", "password", "certificate", "psk", "jwt", "scram"}

func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}
