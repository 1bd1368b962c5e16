// Package lines is how devices reach a gateway over UDP: many source addresses,
// few system calls, and no goroutine for each device.
//
// A line is a source address towards one gateway. Where the gateway is on this
// machine and the system is Linux, all lines share one socket: every address of
// 127.0.0.0/8 is this machine's, so that each line has one of its own, and each
// datagram says which it leaves from and came to. Elsewhere a line is a socket,
// so that there are as many as file descriptors allow; a fleet that is larger
// than that goes through forwarders, each a line with many devices behind it.
package lines

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"
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
	// Open makes a new source address.
	Open() (ID, error)
	// Close gives one up.
	Close(ID)
	// Send puts a copy of b into the batch, which leaves when it is full.
	Send(ID, []byte)
	// Flush sends the batch.
	Flush()
	// Stats counts since the beginning.
	Stats() Stats
	// Shut ends it, and waits for its goroutines.
	Shut()
}

// Stats count datagrams.
type Stats struct {
	Sent, Received uint64
	Refused        uint64 // by the kernel, or by an ICMP error: nobody listens
	Dropped        uint64 // by the kernel, for want of room to receive
	Overrun        uint64 // by the kernel, for want of room at a gateway on this machine
}

// ErrTooMany is Open's: there are no more addresses or sockets.
var ErrTooMany = errors.New("no more source addresses: put devices behind forwarders, with forwarder = 1000 in each [[population]]")

// Open is a set of lines to a gateway, host:port. Links of another kind are
// another implementation of Lines, and are chosen here: a line of DTLS would be
// an association, and a serial port one line with a forwarder's devices.
func Open(gateway string, r Receiver) (Lines, error) {
	to, err := resolve(gateway)
	if err != nil {
		return nil, err
	}
	if err := probe(to); err != nil {
		return nil, err
	}
	return open(to, r)
}

// resolve finds the address of a gateway.
func resolve(gateway string) (netip.AddrPort, error) {
	if kind, _, ok := strings.Cut(gateway, "://"); ok {
		return netip.AddrPort{}, fmt.Errorf("there are no links of the kind %s://: a gateway is host:port, MQTT-SN over UDP", kind)
	}
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
