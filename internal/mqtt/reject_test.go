package mqtt

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"snbroker/internal/mqtt/mqtttest/octets"
)

type rejection struct {
	line    int
	version Version
	from    Origin
	label   string
	bytes   []byte
}

func readRejections(t testing.TB) (all []rejection) {
	t.Helper()
	text, err := os.ReadFile("testdata/reject.txt")
	if err != nil {
		t.Fatal(err)
	}
	origins := map[string]Origin{"either": FromEither, "client": FromClient, "server": FromServer}
	for i, s := range strings.Split(string(text), "\n") {
		if s == "" || s[0] == '#' {
			continue
		}
		columns := strings.Split(s, "|")
		head := strings.Fields(columns[0])
		v, err := strconv.Atoi(head[0])
		from, ok := origins[head[1]]
		if err != nil || !ok {
			t.Fatalf("line %d: %s", i+1, s)
		}
		all = append(all, rejection{i + 1, Version(v), from, head[2], octets.Read(t, columns[1])})
	}
	return all
}

func TestRejected(t *testing.T) {
	labels := map[string]bool{}
	for _, c := range readRejections(t) {
		d := Decoder{Version: c.version, From: c.from}
		p, err := d.Decode(c.bytes)
		var e *Error
		switch {
		case err == nil:
			t.Errorf("line %d: %x accepted as %v %+v", c.line, c.bytes, p.Type(), p)
		case p != nil:
			t.Errorf("line %d: a packet beside the error", c.line)
		case !errors.As(err, &e) || e.Label() != c.label:
			t.Errorf("line %d: %x: %v, want %s", c.line, c.bytes, err, c.label)
		}
		labels[c.label] = true
	}

	// The table must be as complete as the list of errors.
	elsewhere := map[*Error]bool{ErrPacketTooLarge: true, ErrTextTooLong: true, ErrVersion: true}
	for _, e := range Errors() {
		if !labels[e.Label()] && !elsewhere[e] {
			t.Errorf("no rejection for %s", e.Label())
		}
	}
}

// A refusal must be able to speak the version that was asked for.
func TestVersionOfRefusal(t *testing.T) {
	for _, c := range []struct {
		bytes string
		want  Version
		err   error
	}{
		{"10 [ 0004'MQTT' 06 02 0000 [] 0000 ]", V5, ErrProtocolVersion},
		{"10 [ 0004'MQTT' 7f 02 0000 [] 0000 ]", V5, ErrProtocolVersion},
		{"10 [ 0004'MQTT' 03 02 0000 0000 ]", V311, ErrProtocolVersion},
		{"10 [ 0004'MQTT' 00 02 0000 0000 ]", V311, ErrProtocolVersion},
		{"10 [ 0004'MQTT' 85 02 0000 0000 ]", V311, ErrProtocolVersion},
		{"10 [ 0006'MQIsdp' 04 02 0000 0000 ]", V311, ErrProtocolVersion},
		{"10 [ 0004'HTTP' 04 02 0000 0000 ]", 0, ErrProtocolName},
		{"10 [ 0004'MQTT' ]", 0, ErrTruncated},
		{"10 [ 0004'MQTT' 05 ]", V5, ErrTruncated},
		{"11 [ 0004'MQTT' 04 02 0000 0000 ]", V311, ErrHeaderFlags},
		{"10 [ 0004'MQTT' 05 02 0000 [] 0001 00 ]", V5, ErrUTF8},
	} {
		var d Decoder
		_, err := d.Decode(octets.Read(t, c.bytes))
		if !errors.Is(err, c.err) || d.Version != c.want {
			t.Errorf("%s: version %v, %v; want %v, %v", c.bytes, d.Version, err, c.want, c.err)
		}
	}
}
