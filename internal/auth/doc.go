// Package auth says who a client is and what it may do, for both protocols. It
// knows no sockets: listeners and gateways hand it a [Request] and get a
// [Decision], and ask with the [Identity] in it before they publish, subscribe
// or deliver.
//
// # Who
//
// The first of these that a request carries decides, and a wrong one never
// falls back to a later one:
//
//	certificate identity   verified by TLS; nothing else is asked
//	PSK identity           proved by DTLS; must still be in the PSK file
//	token as password      when tokens are configured and it has a token's shape
//	username and password  the password file
//	nothing                anonymous, where the listener allows it
//
// SCRAM runs beside this, over [Auth.StartSCRAM], because it takes two turns.
//
// # What
//
// The ACL file is Mosquitto's. Everything a rule does not allow is denied, and
// a deny wins over every allow. Without an ACL file all is allowed but
// publishing to topics that begin with '$'.
//
// # Failing closed
//
// All files are read into one immutable snapshot. A file that is missing or
// broken is an error of [Load] or [Auth.Reload], naming file and line. A failed
// reload keeps the snapshot before it, whole. A nil or zero Auth has none and
// denies everything.
//
// No error, warning or String method of this package contains a secret, nor
// the part of a line that may hold one.
package auth
