package sidebyside

import (
	"bufio"
	"fmt"
	"net"
	"net/netip"
	"os"
)

// role makes this test binary the bare program.
const role = "SNBROKER_BARE"

// bare is the program without protocol: what comes in by UDP goes back (echo),
// to a TCP connection (relay), to the address that spoke last before (pass), or
// to the hundred that spoke first (fan).
func bare(what string) {
	udp, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	fatal(err)
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	fatal(err)
	fmt.Printf("%v %v\n", udp.LocalAddr(), tcp.Addr())
	var to net.Conn
	if what == "relay" {
		to, err = tcp.Accept()
		fatal(err)
	}
	_ = udp.SetReadBuffer(4 << 20)
	var peers []netip.AddrPort
	known := map[netip.AddrPort]bool{}
	b := make([]byte, 2048)
	for {
		n, from, err := udp.ReadFromUDPAddrPort(b)
		fatal(err)
		if !known[from] { // each introduces itself by its first datagram
			known[from] = true
			peers = append(peers, from)
			_, _ = udp.WriteToUDPAddrPort(b[:n], from)
			continue
		}
		switch what {
		case "echo":
			_, _ = udp.WriteToUDPAddrPort(b[:n], from)
		case "relay":
			_, err = to.Write(b[:n])
			fatal(err)
		case "pass":
			_, _ = udp.WriteToUDPAddrPort(b[:n], peers[0])
		case "fan":
			for _, p := range peers {
				_, _ = udp.WriteToUDPAddrPort(b[:n], p)
			}
		}
	}
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// parse reads the line in which a bare program says where it listens.
func parse(r *bufio.Reader) (udp, tcp string, err error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", "", err
	}
	_, err = fmt.Sscan(line, &udp, &tcp)
	return udp, tcp, err
}
