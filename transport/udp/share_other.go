//go:build !unix

package udp

import "net"

// share has nothing to do: on Windows SO_REUSEADDR would let any program take
// the service's datagrams, and a group socket there needs no help to be bound.
func share(*net.UDPConn) error { return nil }
