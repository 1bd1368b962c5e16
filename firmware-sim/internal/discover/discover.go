// Package discover is the subcommand that looks for gateways.
package discover

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"time"

	"snbroker/firmware-sim/internal/cli"
	"snbroker/firmware-sim/internal/device"
	"snbroker/mqttsn"
)

var Command = cli.Command{
	Name:    "discover",
	Summary: "look for gateways on the network",
	Run:     run,
}

const intro = `
Usage: firmware-sim discover [flags]

Sends SEARCHGW to a multicast group, and lists the gateways that answer with
GWINFO or ADVERTISE themselves there. No address is standardised: gateways
must be configured with the same group.

The exit code is 1 if there was no gateway.

Examples:
  firmware-sim discover
  firmware-sim discover -group 225.1.1.1:1883 -interface eth0 -W 10s
  firmware-sim discover -group 192.168.1.255:1883           a broadcast address
`

type command struct {
	env     cli.Env
	group   string
	iface   string
	radius  uint
	timeout time.Duration
	debug   bool

	to    *net.UDPAddr
	ifi   *net.Interface
	known map[found]bool
}

// found is a gateway at an address.
type found struct {
	id mqttsn.GwID
	at string
}

func run(ctx context.Context, env cli.Env, args []string) error {
	c := command{env: env, known: make(map[found]bool)}
	f := cli.Flags(env, "discover", intro)
	f.StringVar(&c.group, "group", "225.1.1.1:1883", "`address:port` to ask")
	f.StringVar(&c.iface, "interface", "", "network `interface` to ask on (default: the system's choice)")
	f.UintVar(&c.radius, "radius", 0, "broadcast radius in `hops`; 0 is the whole network")
	f.DurationVar(&c.timeout, "W", 3*time.Second, "`time` to wait for answers")
	f.BoolVar(&c.debug, "d", false, "show every datagram on stderr, one line each")
	if err := f.Parse(args); err != nil {
		return err
	}
	if err := c.validate(); err != nil {
		return err
	}
	return c.search(ctx)
}

func (c *command) validate() error {
	group, err := netip.ParseAddrPort(c.group)
	if err != nil {
		return cli.Usagef("discover", "-group %q is not an address and a port, such as 225.1.1.1:1883", c.group)
	}
	if c.radius > 255 || c.timeout <= 0 {
		return cli.Usagef("discover", "-radius is at most 255, and -W more than 0")
	}
	c.to = net.UDPAddrFromAddrPort(group)
	if c.iface == "" {
		return nil
	}
	if c.ifi, err = net.InterfaceByName(c.iface); err != nil {
		return cli.Usagef("discover", "-interface %s: %v", c.iface, err)
	}
	if c.to.IP.To4() == nil {
		c.to.Zone = c.iface
	}
	return nil
}

func (c *command) search(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	asking, err := c.open()
	if err != nil {
		return err
	}
	answers := make(chan heard)
	sockets := []*net.UDPConn{asking}
	if c.to.IP.IsMulticast() {
		// Gateways may answer, and advertise themselves, to the group. If it
		// cannot be joined, those that answer us directly are still heard.
		if group, err := net.ListenMulticastUDP("udp", c.ifi, c.to); err == nil {
			sockets = append(sockets, group)
		}
	}
	ended := make(chan struct{}, len(sockets))
	for _, s := range sockets {
		go listen(ctx, s, answers, ended)
	}
	defer func() { // wait for listen
		cancel()
		for _, s := range sockets {
			s.Close()
			<-ended
		}
	}()
	return c.ask(ctx, asking, answers)
}

// open makes the socket that asks. It is bound to the interface's address,
// by which the system then chooses the way out for a group.
func (c *command) open() (*net.UDPConn, error) {
	if c.ifi == nil || c.to.IP.To4() == nil {
		return net.ListenUDP("udp", nil)
	}
	addrs, err := c.ifi.Addrs()
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil {
			return net.ListenUDP("udp4", &net.UDPAddr{IP: n.IP})
		}
	}
	return nil, fmt.Errorf("%s has no IPv4 address: name another -interface", c.iface)
}

// ask repeats SEARCHGW after 1, 2, 4 ... seconds, since datagrams get lost. A
// device would first wait a random while, not to ask in chorus with all the
// others that lost power with it; here a person waits.
func (c *command) ask(ctx context.Context, s *net.UDPConn, answers <-chan heard) error {
	question, err := (&mqttsn.SearchGw{Radius: uint8(c.radius)}).AppendBinary(nil)
	if err != nil {
		return err
	}
	pause := time.Second
	again := time.After(0)
	for {
		select {
		case <-ctx.Done():
			return c.outcome(ctx)
		case <-again:
			if c.debug {
				device.Trace(c.env.Stderr, "->", question)
			}
			if _, err := s.WriteToUDP(question, c.to); err != nil {
				return fmt.Errorf("cannot ask %v: %w; perhaps there is no way to it, and -interface names one", c.to, err)
			}
			again = time.After(pause)
			pause *= 2
		case a := <-answers:
			c.report(a)
		}
	}
}

func (c *command) outcome(ctx context.Context) error {
	if len(c.known) > 0 {
		return nil
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return errors.New("interrupted")
	}
	return fmt.Errorf("no gateway answered on %s within %v: is one configured for this group? "+
		"Try another -interface, or name the gateway with -gateway instead of looking for it", c.group, c.timeout)
}

// heard is a datagram and its source.
type heard struct {
	b    []byte
	from netip.AddrPort
}

// listen passes on what arrives at s, until s is closed.
func listen(ctx context.Context, s *net.UDPConn, to chan<- heard, ended chan<- struct{}) {
	defer func() { ended <- struct{}{} }()
	buf := make([]byte, mqttsn.MaxLength)
	for {
		n, from, err := s.ReadFromUDPAddrPort(buf)
		if err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, net.ErrClosed) || ctx.Err() != nil {
				return
			}
			continue // such as an earlier datagram's refusal
		}
		b := append([]byte(nil), buf[:n]...)
		select {
		case to <- heard{b, netip.AddrPortFrom(from.Addr().Unmap(), from.Port())}:
		case <-ctx.Done():
			return
		}
	}
}

// report prints a gateway the first time.
func (c *command) report(a heard) {
	if c.debug {
		device.Trace(c.env.Stderr, "<-", a.b)
	}
	m, err := new(mqttsn.Decoder).Decode(a.b)
	if err != nil {
		return
	}
	var g found
	note := ""
	switch m := m.(type) {
	case *mqttsn.GwInfo:
		g = found{m.GwID, a.from.String()}
		if len(m.GwAdd) > 0 { // a client's word; what the octets mean is open
			g.at = fmt.Sprintf("% x", m.GwAdd)
			note = ", says " + a.from.String()
		}
	case *mqttsn.Advertise:
		g = found{m.GwID, a.from.String()}
		note = fmt.Sprintf(", advertises itself every %ds", m.Duration)
	default:
		return
	}
	if !c.known[g] {
		c.known[g] = true
		fmt.Fprintf(c.env.Stdout, "gateway %d at %s%s\n", g.id, g.at, note)
	}
}
