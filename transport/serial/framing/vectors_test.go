package framing

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"
)

// vector is a line of testdata/vectors.txt.
type vector struct {
	line          int
	framing, from string
	address, node []byte
	message, wire []byte
}

func vectors(t testing.TB) (all []vector) {
	t.Helper()
	text, err := os.ReadFile("testdata/vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, "|")
		if len(f) != 6 {
			t.Fatalf("line %d: want 6 fields", i+1)
		}
		octets := func(s string) []byte {
			b, err := hex.DecodeString(strings.Trim(strings.ReplaceAll(s, " ", ""), "-"))
			if err != nil {
				t.Fatalf("line %d: %v", i+1, err)
			}
			return b
		}
		all = append(all, vector{i + 1, strings.TrimSpace(f[0]), strings.TrimSpace(f[1]),
			octets(f[2]), octets(f[3]), octets(f[4]), octets(f[5])})
	}
	return all
}

func framing(t testing.TB, name string, o Options) *Framing {
	t.Helper()
	f, err := New(name, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// found is an Event that stays.
type found struct {
	kind       Kind
	node, data string
	err        error
}

// feed gives octets to a decoder, so many at a time, and collects what it finds.
func feed(t testing.TB, d Decoder, octets []byte, chunk int) (all []found) {
	t.Helper()
	for rest := octets; len(rest) > 0; {
		n := min(chunk, len(rest))
		all = append(all, drain(t, d, rest[:n])...)
		rest = rest[n:]
	}
	return all
}

func drain(t testing.TB, d Decoder, octets []byte) (all []found) {
	t.Helper()
	for {
		n, e := d.Next(octets)
		if n < 0 || n > len(octets) {
			t.Fatalf("took %d of %d octets", n, len(octets))
		}
		octets = octets[n:]
		if e.Kind == None {
			if len(octets) > 0 {
				t.Fatalf("%d octets were not taken", len(octets))
			}
			return all
		}
		all = append(all, found{e.Kind, string(e.Node), string(e.Data), e.Err})
		if len(all) > 1<<16 {
			t.Fatal("no end of events")
		}
	}
}

func silence(t testing.TB, d Decoder) []found {
	t.Helper()
	d.Silence()
	return drain(t, d, nil)
}

func messages(all []found) (m []string) {
	for _, f := range all {
		if f.kind == Message {
			m = append(m, f.data)
		}
	}
	return m
}

func TestVectors(t *testing.T) {
	seen := make(map[string]bool)
	for _, v := range vectors(t) {
		t.Run(fmt.Sprintf("line%d-%s", v.line, v.framing), func(t *testing.T) {
			seen[v.framing] = true
			if v.from != "rx" {
				f := framing(t, v.framing, Options{Device: v.from == "device", Address: v.address})
				got, err := f.Append([]byte("x"), string(v.node), v.message)
				if err != nil || !bytes.Equal(got[1:], v.wire) {
					t.Errorf("encoded\ngot  % X\nwant % X, %v", got, v.wire, err)
				}
			}
			want := v.message
			o := Options{}
			if v.from == "gateway" {
				o = Options{Device: true, Address: v.node}
			}
			if v.framing == "aquila" { // the forwarder's header is the gateway's
				if v.from == "gateway" {
					o.Address, want = v.message[3:5], v.message[5:]
				} else {
					want = append([]byte{5, 0xFE, 0, v.address[0], v.address[1]}, v.message...)
				}
			}
			for chunk := 1; chunk <= len(v.wire); chunk++ {
				f := framing(t, v.framing, o)
				got := feed(t, f, v.wire, chunk)
				if len(got) != 1 || got[0].kind != Message || got[0].data != string(want) {
					t.Fatalf("in chunks of %d: got %+v, want % X", chunk, got, want)
				}
				if f.Addressed && v.from != "gateway" && got[0].node != string(v.address) {
					t.Fatalf("from %x, want %x", got[0].node, v.address)
				}
			}
		})
	}
	for _, name := range Names() {
		if !seen[name] && name != "slip-ip" {
			t.Errorf("no vector of %s", name)
		}
	}
}

func TestChecksums(t *testing.T) {
	nine := []byte("123456789")
	if got := x25(nine); got != 0x906E {
		t.Errorf("X-25: %04X", got)
	}
	if got := xmodem(nine); got != 0x31C3 {
		t.Errorf("XMODEM: %04X", got)
	}
	if got := mcrf4xx(mcrf4xxStart, nine); got != 0x6F91 {
		t.Errorf("MCRF4XX: %04X", got)
	}
}
