package dtls

import (
	"bytes"
	"testing"

	"snbroker/transport"
	"snbroker/transport/memnet"
)

// extended is a ClientHello with extensions.
func extended(cookie int, extensions ...byte) []byte {
	body := append([]byte{254, 253}, bytes.Repeat([]byte{7}, 32)...)
	body = append(body, 0)                        // session id
	body = append(body, byte(cookie))             // cookie
	body = append(body, make([]byte, cookie)...)  //
	body = append(body, 0, 2, 0xc0, 0xa8)         // cipher suites
	body = append(body, 1, 0)                     // compression methods
	body = append(body, 0, byte(len(extensions))) // extensions
	body = append(body, extensions...)
	size := byte(len(body))
	b := []byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, size + 12, 1, 0, 0, size, 0, 0, 0, 0, 0, 0, 0, size}
	return append(b, body...)
}

func TestParseHello(t *testing.T) {
	random := [32]byte(bytes.Repeat([]byte{7}, 32))
	for _, tc := range []struct {
		name string
		b    []byte
		want hello
	}{
		{"plain", extended(0), hello{random: random}},
		{"cookie", extended(20), hello{random: random, cookie: true}},
		{"Connection ID", extended(20, 0, 23, 0, 0, 0, 54, 0, 1, 0), hello{random: random, cookie: true, cid: true}},
		{"another extension", extended(0, 0, 23, 0, 0), hello{random: random}},
		{"extension cut off", extended(0, 0, 54, 0), hello{random: random, cid: true}},
		{"cut off", extended(20)[:70], hello{random: random}},
	} {
		if !isHello(tc.b) {
			t.Errorf("%s: no ClientHello", tc.name)
		}
		if got := parseHello(tc.b); got != tc.want {
			t.Errorf("%s: %+v", tc.name, got)
		}
	}
	if h := parseHello(helloOf(t)); !h.cid || h.cookie {
		t.Errorf("pion's: %+v", h)
	}
}

func TestServerHelloCID(t *testing.T) {
	hello := func(extensions ...byte) []byte {
		b := append([]byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 254, 253)
		b = append(b, make([]byte, 32)...)                // random
		b = append(b, 2, 1, 1)                            // session id
		b = append(b, 0xc0, 0xa8, 0)                      // cipher suite, compression method
		b = append(b, 0, byte(len(extensions)))           // extensions
		return append(append(b, extensions...), 22, 0, 0) // the next record
	}
	for _, tc := range []struct {
		name string
		b    []byte
		want string
	}{
		{"none", hello(), ""},
		{"another extension", hello(0, 23, 0, 0), ""},
		{"ours", hello(0, 23, 0, 0, 0, 54, 0, 9, 8, '1', '2', '3', '4', '5', '6', '7', '8'), "12345678"},
		{"cut off", hello(0, 54, 0, 9, 8, '1'), ""},
	} {
		if got := serverHelloCID(tc.b); string(got) != tc.want {
			t.Errorf("%s: %q", tc.name, got)
		}
	}
}

func FuzzRecords(f *testing.F) {
	f.Add([]byte{})
	f.Add(extended(20, 0, 54, 0, 1, 0))
	f.Add([]byte{25, 254, 253, 0, 1, 0, 0, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 9})
	f.Add([]byte{21, 254, 253, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 2, 40})
	l, err := New(memnet.New(1).Link("192.0.2.1:1"), pskConfig())
	if err != nil {
		f.Fatal(err)
	}
	l.Close() // begins no handshakes
	f.Fuzz(func(t *testing.T, b []byte) {
		(*demux)(l).Receive(nil, []transport.Datagram{{From: memnet.ParseAddr("192.0.2.2:1"), Data: b}})
		if isHello(b) {
			h := parseHello(b)
			if !bytes.Equal(h.random[:], b[helloAt+2:helloAt+34]) {
				t.Error("the random is another")
			}
		}
		serverHelloCID(b)
		if c, ok := scan(b); ok {
			if c.plain > len(b) || c.alert && c.plain == 0 {
				t.Errorf("%+v of %d octets", c, len(b))
			}
			if len(b) > 0 && b[0] == recordCID && len(b) < cidAt+cidLength {
				t.Error("a Connection ID that is not there")
			}
		}
	})
}
