// Package lines is how devices reach a gateway: many source addresses, few system
// calls, and no goroutine for each device but with DTLS.
//
// Over UDP a line is a source address towards one gateway. Where the gateway is on this
// machine and the system is Linux, all lines share one socket: every address of
// 127.0.0.0/8 is this machine's, so that each line has one of its own, and each
// datagram says which it leaves from and came to. Elsewhere a line is a socket,
// so that there are as many as file descriptors allow; a fleet that is larger
// than that goes through forwarders, each a line with many devices behind it.
//
// On a serial line each is a node, by the framing's own address or by its id
// behind a forwarder that they all share (serialLine).
package lines

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"snbroker/firmware-sim/internal/secure"
)

// ID is a line. IDs are small, and those of closed lines are not used again.
type ID uint32

// Receiver takes what arrives: once a batch, from one goroutine at a time for
// each socket set. The octets are valid during the call.
type Receiver interface {
	Received(batch []Datagram)
}

// Datagram arrived on a line.
type Datagram struct {
	Line ID
	Data []byte
}

// Lines is a set of lines to one gateway. Its methods are called by one owner at
// a time.
type Lines interface {
	// Open makes a new source address. name is the device's that it is for; nil:
	// it has none.
	Open(name Namer) (ID, error)
	// Move gives a line another source address, with all that the gateway knows of
	// it. false: such a line is closed, and another opened.
	Move(ID) bool
	// Close gives one up.
	Close(ID)
	// Limits are the same from beginning to end.
	Limits() Limits
	// Send puts a copy of b into the batch, which leaves when it is full.
	Send(ID, []byte)
	// Flush sends the batch.
	Flush()
	// Stats counts since the beginning.
	Stats() Stats
	// Err is why nothing passes any more, or nil.
	Err() error
	// Shut ends it, and waits for its goroutines.
	Shut()
}

// Forgetful lines have sessions below what they carry, with DTLS.
type Forgetful interface {
	// Forget is what becomes of a session whose device has no power: it ends without
	// a word. What is sent next begins another.
	Forget(ID)
}

// Namer fills a device's names in for {population}, {n} and {id}.
type Namer func(template string) string

// Limits are what a line can carry.
type Limits struct {
	MTU       int  // the longest datagram in octets
	Forwarder bool // a line may be a forwarder's, with devices behind it
}

// Stats count datagrams.
type Stats struct {
	Sent, Received uint64
	Refused        uint64 // by the kernel, or by an ICMP error: nobody listens
	Dropped        uint64 // for want of room: by the kernel to receive, or on the way out to a line that is slow, or away
	Overrun        uint64 // by the kernel, for want of room at a gateway on this machine
	Noise          uint64 // pieces of what a serial line brought that are no frame
	Lost, Reopened uint64 // times that a serial line went away, and that it was opened again

	Handshakes, HandshakesFailed uint64 // with DTLS
	Resumed                      uint64 // of the handshakes, those that resumed a session
}

// ErrTooMany is Open's: there are no more addresses or sockets.
var ErrTooMany = errors.New("no more source addresses: put devices behind forwarders, with forwarder = 1000 in each [[population]]")

// TargetError tells what is wrong with the name of a gateway, or the way to it,
// and what to do about that.
type TargetError struct {
	Gateway string
	Err     error
}

func (e *TargetError) Error() string { return e.Gateway + ": " + e.Err.Error() }
func (e *TargetError) Unwrap() error { return e.Err }

// Open is a set of lines to a gateway: host:port over UDP, dtls://host:port with
// DTLS, or serial:///dev/ttyUSB0?baud=115200 and tcp://host:port?framing=hdlc, which
// are a serial line of this machine and one that a server offers. What is wrong with
// any but the first is a *TargetError. Without credentials DTLS is that of a device
// that shows nothing, and trusts the system's authorities.
func Open(ctx context.Context, gateway string, c *secure.Credentials, r Receiver) (Lines, error) {
	kind, _, other := strings.Cut(gateway, "://")
	if !other && c != nil {
		return nil, &TargetError{gateway, errors.New("keys and certificates are for DTLS: write -gateway dtls://" + gateway)}
	}
	if !other {
		return openUDP(gateway, r)
	}
	var l Lines
	var err error
	switch kind {
	case "serial", "tcp":
		l, err = openSerial(ctx, gateway, r)
	case "dtls":
		l, err = openSecure(gateway, c, r)
	default:
		err = fmt.Errorf("there are no links of the kind %s://: a gateway is host:port, dtls://host:port, serial:///dev/NAME or tcp://host:port", kind)
	}
	if err != nil {
		return nil, &TargetError{gateway, err}
	}
	return l, nil
}

func openUDP(gateway string, r Receiver) (Lines, error) {
	to, err := resolve(gateway)
	if err != nil {
		return nil, err
	}
	if err := probe(to); err != nil {
		return nil, err
	}
	return open(to, r)
}

// udpLimits are of all lines over UDP, of IPv4 and its headers.
var udpLimits = Limits{MTU: 65507, Forwarder: true}

// resolve finds the address of a gateway.
func resolve(gateway string) (netip.AddrPort, error) {
	a, err := net.ResolveUDPAddr("udp", gateway)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("%w: a gateway is host:port, such as 127.0.0.1:1883", err)
	}
	ap := a.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port()), nil
}

// probe finds out whether nobody listens at an address of a machine that says
// so. Silence is no error: it may be a firewall's.
func probe(gateway netip.AddrPort) error {
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(gateway))
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if _, err := c.Write([]byte{2, 0x17}); err != nil { // PINGRESP, which asks for nothing
		return err
	}
	if _, err = c.Read(make([]byte, 16)); errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("nothing listens on UDP %v", gateway)
	}
	return nil
}
