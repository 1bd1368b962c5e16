package auth

// Identity is who a client has been proved to be.
type Identity struct {
	// Username is what ACLs know the client by. It is empty exactly when the
	// client is anonymous: a name that nobody verified is nobody's name.
	Username string
	Kind     Kind
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
