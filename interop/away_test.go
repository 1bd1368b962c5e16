package interop

import (
	"io"
	"net"
	"testing"

	"snbroker/internal/mqtt"
)

// away waits until the program has noticed that the client with this session has
// left: it takes the session over, leaves itself, and waits for the end of the
// connection, which comes after that of the attachment.
func away(t *testing.T, c connecting) {
	t.Helper()
	p, err := running()
	if err != nil {
		t.Fatal(err)
	}
	nc, err := net.Dial("tcp", p.tcp)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	hello := mqtt.Connect{Version: mqtt.V5, ClientID: []byte(c.ClientID)}
	hello.Properties.SessionExpiry, hello.Properties.HasSessionExpiry = c.Expiry, true
	b, err := hello.AppendTo(nil, mqtt.V5)
	if err == nil {
		b, err = (&mqtt.Disconnect{}).AppendTo(b, mqtt.V5)
	}
	if err == nil {
		_, err = nc.Write(b)
	}
	if err == nil {
		_, err = io.Copy(io.Discard, nc)
	}
	if err != nil {
		t.Fatal(err)
	}
}
