package listener

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net/netip"
	"strconv"
	"strings"
)

// The PROXY protocol, by which a proxy tells whom it stands for: version 1 is a
// line, version 2 binary.
//
//	v2: signature(12) | version, command | family, transport | length(2) |
//	    addresses | TLVs

const (
	proxySignature = "\r\n\r\n\x00\r\nQUIT\n"
	proxyV1        = "PROXY "

	// maxProxyLine is the longest line of version 1, its CR LF included.
	maxProxyLine = 107
	// maxProxyBody bounds what follows the 16 octets of version 2. Addresses
	// and usual TLVs are below 600; a client's certificate may be among them.
	maxProxyBody = 4 << 10
)

var errProxyHeader = errors.New("no PROXY protocol header")

func proxyError(format string, args ...any) error {
	return fmt.Errorf("PROXY protocol header: "+format, args...)
}

// parseProxyLine parses version 1, with its CR LF. The address is invalid if
// the proxy speaks for itself.
func parseProxyLine(line string) (source netip.AddrPort, err error) {
	text, ok := strings.CutSuffix(line, "\r\n")
	if text, is := strings.CutPrefix(text, proxyV1); !ok || !is || strings.ContainsAny(text, "\r\n") {
		return source, errProxyHeader
	}
	fields := strings.Split(text, " ")[1:]
	if fields[0] == "UNKNOWN" {
		return source, nil // whatever follows
	}
	if len(fields) != 5 || fields[0] != "TCP4" && fields[0] != "TCP6" {
		return source, proxyError("want TCP4 or TCP6, two addresses and two ports")
	}
	var ends [2]netip.AddrPort
	for i := range ends {
		ip, err := netip.ParseAddr(fields[1+i])
		if err != nil || ip.Zone() != "" || ip.Is4() != (fields[0] == "TCP4") {
			return source, proxyError("%q is not an address of %s", fields[1+i], fields[0])
		}
		port, err := strconv.ParseUint(fields[3+i], 10, 16)
		if err != nil || strconv.FormatUint(port, 10) != fields[3+i] {
			return source, proxyError("%q is not a port", fields[3+i])
		}
		ends[i] = netip.AddrPortFrom(ip.Unmap(), uint16(port))
	}
	return ends[0], nil
}

// proxyBodyLength checks the first 16 octets of version 2 and returns how many
// follow.
func proxyBodyLength(head []byte) (int, error) {
	if string(head[:12]) != proxySignature {
		return 0, errProxyHeader
	}
	if head[12]>>4 != 2 {
		return 0, proxyError("version %d", head[12]>>4)
	}
	n := int(binary.BigEndian.Uint16(head[14:]))
	if n > maxProxyBody {
		return 0, proxyError("%d octets, more than %d", n, maxProxyBody)
	}
	return n, nil
}

// parseProxy parses version 2, whole. The address is invalid if the proxy speaks
// for itself, or for somebody without an IP address.
func parseProxy(b []byte) (source netip.AddrPort, err error) {
	if len(b) < 16 {
		return source, errProxyHeader
	}
	n, err := proxyBodyLength(b[:16])
	if err != nil {
		return source, err
	}
	if body := b[16:]; len(body) != n {
		return source, proxyError("%d octets, not %d", len(body), n)
	}
	switch command := b[12] & 0x0F; command {
	case 0: // LOCAL: a health check; its addresses and TLVs mean nothing
		return source, nil
	case 1: // PROXY
	default:
		return source, proxyError("command %d", command)
	}
	source, rest, err := proxyAddresses(b[13], b[16:])
	if err != nil {
		return netip.AddrPort{}, err
	}
	if err := checkTLVs(b, len(b)-len(rest)); err != nil {
		return netip.AddrPort{}, err
	}
	return source, nil
}

// proxyAddresses takes the addresses off, which the family gives the size of.
func proxyAddresses(family byte, b []byte) (source netip.AddrPort, rest []byte, err error) {
	var size int
	switch family {
	case 0x00: // unspecified
	case 0x11: // TCP over IPv4
		size = 12
	case 0x21: // TCP over IPv6
		size = 36
	case 0x31: // stream over a Unix socket
		size = 216
	default:
		return source, nil, proxyError("family and transport 0x%02x", family)
	}
	if len(b) < size {
		return source, nil, proxyError("%d octets of addresses, not %d", len(b), size)
	}
	switch family {
	case 0x11:
		source = netip.AddrPortFrom(netip.AddrFrom4([4]byte(b)), binary.BigEndian.Uint16(b[8:]))
	case 0x21:
		source = netip.AddrPortFrom(netip.AddrFrom16([16]byte(b)).Unmap(), binary.BigEndian.Uint16(b[32:]))
	}
	return source, b[size:], nil
}

// TLV types that are looked into.
const (
	tlvCRC32C = 0x03
	tlvUnique = 0x05
	tlvTLS    = 0x20
)

// checkTLVs checks the TLVs of a header, which begin at the offset.
func checkTLVs(header []byte, at int) error {
	for at < len(header) {
		b := header[at:]
		value, err := tlvValue(b)
		if err != nil {
			return err
		}
		switch b[0] {
		case tlvCRC32C:
			if err := checkCRC(header, at, value); err != nil {
				return err
			}
		case tlvUnique:
			if len(value) > 128 {
				return proxyError("a unique id of %d octets", len(value))
			}
		case tlvTLS:
			if err := checkTLSTLV(value); err != nil {
				return err
			}
		}
		at += 3 + len(value)
	}
	return nil
}

// tlvValue is the value of the TLV that b begins with: type, length(2), value.
func tlvValue(b []byte) ([]byte, error) {
	if len(b) < 3 {
		return nil, proxyError("%d octets after the last TLV", len(b))
	}
	n := int(binary.BigEndian.Uint16(b[1:]))
	if len(b)-3 < n {
		return nil, proxyError("TLV 0x%02x of %d octets runs past the end", b[0], n)
	}
	return b[3 : 3+n], nil
}

// checkTLSTLV checks the TLV about the proxy's own TLS: client(1), verify(4),
// TLVs.
func checkTLSTLV(b []byte) error {
	if len(b) < 5 {
		return proxyError("TLV 0x20 of %d octets", len(b))
	}
	for b = b[5:]; len(b) > 0; {
		value, err := tlvValue(b)
		if err != nil {
			return err
		}
		b = b[3+len(value):]
	}
	return nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checkCRC checks the checksum over the header, which counts as zero itself.
func checkCRC(header []byte, at int, value []byte) error {
	if len(value) != 4 {
		return proxyError("a checksum of %d octets", len(value))
	}
	sum := crc32.Update(0, castagnoli, header[:at+3])
	sum = crc32.Update(sum, castagnoli, make([]byte, 4))
	sum = crc32.Update(sum, castagnoli, header[at+7:])
	if sum != binary.BigEndian.Uint32(value) {
		return proxyError("wrong checksum")
	}
	return nil
}
