package config

// Devices is who may use a [[mqttsn.listener]], and how much.
type Devices struct {
	ClientIDs                []string `toml:"client_ids"`
	AllowPlainAuth           bool     `toml:"allow_plain_auth"`
	MaxMessageRate           int      `toml:"max_message_rate"`
	MaxMessageRatePerAddress int      `toml:"max_message_rate_per_address"`
}

// plainAuth tells whether devices may send a username and a password: where
// nobody else can read them, or somebody has decided that this does not matter.
func (l *MQTTSNListener) plainAuth() bool { return l.Type == "dtls" || l.AllowPlainAuth }

func (v *validator) devices(at string, l *MQTTSNListener) {
	path := child(at, "client_ids")
	for _, pattern := range l.ClientIDs {
		if pattern == "" || len(pattern) > maxPattern {
			v.wrong(path, `%s: %.20q: want patterns of 1 to %d octets, such as "meter-*"`, shown(path), pattern, maxPattern)
		}
	}
	if len(l.ClientIDs) > maxPatterns {
		v.wrong(path, "%s: more than %d patterns: all are tried in turn", shown(path), maxPatterns)
	}
	path = child(at, "allow_plain_auth")
	switch {
	case l.AllowPlainAuth && l.Type == "dtls":
		v.wrong(path, "%s is not needed here: inside of DTLS nobody else can read a password", shown(path))
	case l.AllowPlainAuth && l.AllowAnonymous:
		v.wrong(path, "%s does nothing with allow_anonymous = true: devices are let in before they can say who they are", shown(path))
	}
	between(v, child(at, "max_message_rate"), l.MaxMessageRate, 0, many)
	between(v, child(at, "max_message_rate_per_address"), l.MaxMessageRatePerAddress, 0, many)
}

const (
	maxPattern  = 256
	maxPatterns = 1000
)
