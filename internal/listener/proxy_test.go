package listener

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"hash/crc32"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// A header of version 2, made by hand.

func proxyV2(command, family byte, body ...[]byte) []byte {
	all := bytes.Join(body, nil)
	b := append([]byte(proxySignature), 0x20|command, family)
	return append(binary.BigEndian.AppendUint16(b, uint16(len(all))), all...)
}

func tlv(kind byte, value string) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{kind}, uint16(len(value))), value...)
}

var (
	ends4 = []byte{192, 0, 2, 1, 198, 51, 100, 2, 0x30, 0x39, 0x07, 0x5b}
	ends6 = append(append(netip.MustParseAddr("2001:db8::1").AsSlice(), netip.MustParseAddr("2001:db8::2").AsSlice()...), 0x30, 0x39, 0x07, 0x5b)
)

// summed puts the right checksum into a header whose last TLV is one.
func summed(b []byte) []byte {
	clear(b[len(b)-4:])
	binary.BigEndian.PutUint32(b[len(b)-4:], crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
	return b
}

var proxyHeaders = []struct {
	name   string
	header []byte
	source string // "": none; "!": malformed
}{
	{"v1 IPv4", []byte("PROXY TCP4 192.0.2.1 198.51.100.2 12345 1883\r\n"), "192.0.2.1:12345"},
	{"v1 IPv6", []byte("PROXY TCP6 2001:db8::1 2001:db8::2 12345 1883\r\n"), "[2001:db8::1]:12345"},
	{"v1 longest", []byte("PROXY UNKNOWN " + strings.Repeat("f", maxProxyLine-16) + "\r\n"), ""},
	{"v1 unknown", []byte("PROXY UNKNOWN\r\n"), ""},
	{"v1 unknown with addresses", []byte("PROXY UNKNOWN 1 2 3 4\r\n"), ""},
	{"v1 too long", []byte("PROXY UNKNOWN " + strings.Repeat("f", maxProxyLine-15) + "\r\n"), "!"},
	{"v1 endless", []byte("PROXY UNKNOWN" + strings.Repeat(" ", 1000)), "!"},
	{"v1 families mixed", []byte("PROXY TCP4 2001:db8::1 2001:db8::2 12345 1883\r\n"), "!"},
	{"v1 family unknown", []byte("PROXY UDP4 192.0.2.1 198.51.100.2 12345 1883\r\n"), "!"},
	{"v1 zone", []byte("PROXY TCP6 fe80::1%eth0 2001:db8::2 12345 1883\r\n"), "!"},
	{"v1 leading zero", []byte("PROXY TCP4 192.0.2.01 198.51.100.2 12345 1883\r\n"), "!"},
	{"v1 port with sign", []byte("PROXY TCP4 192.0.2.1 198.51.100.2 +2345 1883\r\n"), "!"},
	{"v1 port too large", []byte("PROXY TCP4 192.0.2.1 198.51.100.2 65536 1883\r\n"), "!"},
	{"v1 port missing", []byte("PROXY TCP4 192.0.2.1 198.51.100.2 12345\r\n"), "!"},
	{"v1 two spaces", []byte("PROXY TCP4  192.0.2.1 198.51.100.2 12345 1883\r\n"), "!"},
	{"v1 more", []byte("PROXY TCP4 192.0.2.1 198.51.100.2 12345 1883 x\r\n"), "!"},
	{"v1 bare LF", []byte("PROXY TCP4 192.0.2.1 198.51.100.2 12345 1883\n"), "!"},
	{"v1 CR inside", []byte("PROXY UNKNOWN a\rb\r\n"), "!"},

	{"v2 IPv4", proxyV2(1, 0x11, ends4), "192.0.2.1:12345"},
	{"v2 IPv6", proxyV2(1, 0x21, ends6), "[2001:db8::1]:12345"},
	{"v2 IPv4 within IPv6", proxyV2(1, 0x21, append(netip.MustParseAddr("::ffff:192.0.2.1").AsSlice(), ends6[16:]...)), "192.0.2.1:12345"},
	{"v2 Unix", proxyV2(1, 0x31, make([]byte, 216)), ""},
	{"v2 unspecified", proxyV2(1, 0x00), ""},
	{"v2 LOCAL", proxyV2(0, 0x00), ""},
	{"v2 LOCAL with all kinds of things", proxyV2(0, 0x77, []byte("whatever")), ""},
	{"v2 TLVs", proxyV2(1, 0x11, ends4, tlv(1, "h2"), tlv(2, "example.com"), tlv(4, "padding"), tlv(5, "id"), tlv(0x20, "\x01\x00\x00\x00\x00"+string(tlv(0x21, "TLSv1.3"))), tlv(0xEA, "")), "192.0.2.1:12345"},
	{"v2 checksum", summed(proxyV2(1, 0x11, ends4, tlv(3, "0000"))), "192.0.2.1:12345"},
	{"v2 largest", proxyV2(1, 0x11, ends4, tlv(4, strings.Repeat("x", maxProxyBody-15))), "192.0.2.1:12345"},
	{"v2 too large", proxyV2(1, 0x11, ends4, tlv(4, strings.Repeat("x", maxProxyBody-14))), "!"},
	{"v2 version 1", append([]byte(proxySignature), 0x11, 0x11, 0, 0), "!"},
	{"v2 version 3", append([]byte(proxySignature), 0x31, 0x11, 0, 0), "!"},
	{"v2 command 2", proxyV2(2, 0x11, ends4), "!"},
	{"v2 UDP", proxyV2(1, 0x12, ends4), "!"},
	{"v2 family 4", proxyV2(1, 0x41, ends4), "!"},
	{"v2 address cut", proxyV2(1, 0x11, ends4[:11]), "!"},
	{"v2 no address", proxyV2(1, 0x21), "!"},
	{"v2 IPv4 for IPv6", proxyV2(1, 0x21, ends4), "!"},
	{"v2 TLV of 1 octet", proxyV2(1, 0x11, ends4, []byte{1}), "!"},
	{"v2 TLV of 2 octets", proxyV2(1, 0x11, ends4, []byte{1, 0}), "!"},
	{"v2 TLV runs over", proxyV2(1, 0x11, ends4, []byte{1, 0, 2, 'h'}), "!"},
	{"v2 TLV far over", proxyV2(1, 0x11, ends4, []byte{4, 0xff, 0xff, 'h'}), "!"},
	{"v2 second TLV runs over", proxyV2(1, 0x11, ends4, tlv(1, "h2"), []byte{2, 0, 9}), "!"},
	{"v2 TLS TLV too short", proxyV2(1, 0x11, ends4, tlv(0x20, "\x01\x00\x00\x00")), "!"},
	{"v2 TLV in TLS runs over", proxyV2(1, 0x11, ends4, tlv(0x20, "\x01\x00\x00\x00\x00\x21\x00\x09TLS")), "!"},
	{"v2 unique id too long", proxyV2(1, 0x11, ends4, tlv(5, strings.Repeat("x", 129))), "!"},
	{"v2 checksum wrong", proxyV2(1, 0x11, ends4, tlv(3, "0000")), "!"},
	{"v2 checksum short", proxyV2(1, 0x11, ends4, tlv(3, "000")), "!"},

	{"neither", []byte("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"), "!"},
	{"an MQTT client", []byte("\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01c"), "!"},
	{"signature cut", []byte(proxySignature), "!"},
}

func TestReadProxy(t *testing.T) {
	for _, tc := range proxyHeaders {
		t.Run(tc.name, func(t *testing.T) {
			const after = "\x10\x0d"
			r := bytes.NewReader(append(bytes.Clone(tc.header), after...))
			source, err := readProxy(r)
			if tc.source == "!" {
				if err == nil {
					t.Errorf("accepted: %v", source)
				}
				return
			}
			must(t, err)
			want, _ := netip.ParseAddrPort(tc.source)
			if source != want {
				t.Errorf("got %v, want %q", source, tc.source)
			}
			if rest, _ := io.ReadAll(r); string(rest) != after {
				t.Errorf("left %q", rest)
			}
			// Every way of being cut off is an error.
			for n := range tc.header {
				if _, err := readProxy(bytes.NewReader(tc.header[:n])); err == nil {
					t.Errorf("accepted with %d of %d octets", n, len(tc.header))
				}
			}
		})
	}
}

// Whatever a header says, reading ends, in bounds, and takes no octet beyond it.
func FuzzReadProxy(f *testing.F) {
	for _, tc := range proxyHeaders {
		f.Add(tc.header)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := bytes.NewReader(b)
		source, err := readProxy(r)
		taken := len(b) - r.Len()
		if taken > 16+maxProxyBody {
			t.Errorf("%d octets taken", taken)
		}
		if err != nil {
			if source.IsValid() {
				t.Errorf("%v and %v", source, err)
			}
			return
		}
		again, err := readProxy(bytes.NewReader(b[:taken]))
		if err != nil || again != source {
			t.Errorf("alone it is %v, %v; was %v", again, err, source)
		}
		if taken >= 16 && string(b[:12]) == proxySignature {
			if direct, err := parseProxy(b[:taken]); err != nil || direct != source {
				t.Errorf("parsed %v, %v; read %v", direct, err, source)
			}
		}
	})
}

func behindProxy(c *Config) { c.ProxyFrom = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }

// dialHeader connects as a proxy does.
func dialHeader(t *testing.T, l *Listener, header []byte) net.Conn {
	t.Helper()
	nc, err := net.Dial("tcp", l.Addr().String())
	must(t, err)
	if _, err := nc.Write(header); err != nil {
		t.Fatal(err)
	}
	return nc
}

// The header comes first below every kind of listener, and the client's address
// is then the one that it names.
func TestProxyBelow(t *testing.T) {
	ca, f := newIssuer(t, "ca"), newFolder(t)
	files := loaded(t, f.server(ca))
	client := &tls.Config{RootCAs: ca.pool, ServerName: "localhost"}
	headers := map[string]string{
		"PROXY TCP4 192.0.2.1 198.51.100.2 12345 1883\r\n": "192.0.2.1:12345",
		string(proxyV2(1, 0x21, ends6)):                    "[2001:db8::1]:12345",
		string(proxyV2(0, 0)):                              "",
	}
	for kind, dial := range map[string]func(net.Conn) net.Conn{
		"tcp": func(nc net.Conn) net.Conn { return nc },
		"tls": func(nc net.Conn) net.Conn { return tls.Client(nc, client) },
		"ws": func(nc net.Conn) net.Conn {
			d := websocket.Dialer{Subprotocols: []string{"mqtt"}, NetDial: func(_, _ string) (net.Conn, error) { return nc, nil }}
			ws, _, err := d.Dial("ws://localhost/mqtt", nil)
			must(t, err)
			return &clientWS{Conn: ws}
		},
	} {
		for header, want := range headers {
			l := layered(t, func(c *Config) {
				behindProxy(c)
				if kind == "tls" {
					c.TLS = files
				}
				c.WebSocket = kind == "ws"
			})
			nc := dialHeader(t, l, []byte(header))
			if want == "" {
				want = nc.LocalAddr().String()
			}
			k := talk(t, dial(nc), nil).Connect("c")
			k.Silence()
			c := sole(t, l)
			if got := c.net.RemoteAddr().String(); got != want {
				t.Errorf("%s: the client is %s, want %s", kind, got, want)
			}
			if (c.raw != nil) != (kind == "tcp" && rawConn(nc) != nil) {
				t.Errorf("%s: written to in the wrong way", kind)
			}
		}
	}
}

func TestProxyRequired(t *testing.T) {
	l := layered(t, func(c *Config) { behindProxy(c); c.ConnectTimeout = 300 * time.Millisecond })
	connect := "\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01c"
	for _, header := range []string{connect, string(proxyV2(1, 0x12, ends4)), "", "PROXY TCP4", proxySignature + "\x21\x11\x10\x00"} {
		talk(t, dialHeader(t, l, []byte(header)), nil).Closed()
	}
	if n := l.Stats().BadProxyHeader; n != 5 {
		t.Errorf("%d counted", n)
	}
	until(t, "nothing is left", func() bool { return l.Stats().Connections == 0 })
}

// From elsewhere a header is just a client's bad packet.
func TestProxyNotTrusted(t *testing.T) {
	for _, from := range [][]netip.Prefix{nil, {netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("::/0")}} {
		l := layered(t, func(c *Config) { c.ProxyFrom = from })
		talk(t, dialHeader(t, l, proxyV2(1, 0x11, ends4)), nil).Closed()
		// "PR" begins a packet of 82 octets.
		header := "PROXY TCP4 192.0.2.1 198.51.100.2 12345 1883\r\n"
		talk(t, dialHeader(t, l, []byte(header+strings.Repeat("x", 84-len(header)))), nil).Closed()
		dialPlain(t, l).Connect("c")
	}
}
