// Package dtls carries datagrams in DTLS 1.2 sessions (RFC 6347) over one UDP
// socket: with pre-shared keys and with certificates on the same port, and with
// Connection IDs (RFC 9146), so that a device that wakes behind a NAT at another
// port goes on without a handshake.
//
// The cryptography is pion's. What stands in front of it is here, because one
// socket has to serve many sessions, and forged datagrams must not harm them:
//
//	record            goes to
//	tls12_cid         the session with this Connection ID; none: dropped
//	ClientHello       the handshake with the same address and client random;
//	                  none: a new one, beside whatever is at the address
//	other handshake   the handshake at the address, or else its session
//	other, encrypted  the session at the address, and a handshake beside it
//
// A ClientHello proves nothing, so the session at its address stays until the
// new handshake is finished: a device that was restarted has its port back then,
// and somebody who only wrote the device's address on his datagrams never gets
// that far. Two handshakes may stand at an address, one that has returned the
// cookie and one that has not; a newer ClientHello takes the place of the latter
// alone.
//
// # Addresses
//
// A peer's transport.Addr is its session's Connection ID, as a Node, whether or
// not the peer uses it. It stays the same while the peer's UDP address changes;
// Whereabouts tells the present one.
//
// # Goroutines
//
//	reader    one: the socket's, finds each datagram's session
//	session   one each, with three of pion's: handshake, then on a fresh stack decryption
//	Serve     one: hands what was decrypted to the receiver, in batches
//	writers   a few: help whoever flushes to encrypt, each session's in order
//	keeper    one: ends idle sessions
//
// Close ends all of them, and Serve returns after the last one.
package dtls
