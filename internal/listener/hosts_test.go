package listener

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"snbroker/internal/mqtt"
)

func at(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 1} }

func newHosts(most, rate, messageRate int) hosts {
	h := hosts{by: make(map[netip.Addr]*host)}
	h.bound(most, rate, messageRate)
	return h
}

func TestHostsMost(t *testing.T) {
	h := newHosts(2, 0, 0)
	now := time.Now()
	enter := func(ip, want string) *host {
		t.Helper()
		one, refusal := h.enter(at(ip), now)
		if refusal != want {
			t.Errorf("%s: %q, want %q", ip, refusal, want)
		}
		return one
	}
	const full = "max_connections_per_address"
	first := enter("192.0.2.1", "")
	enter("192.0.2.1", "")
	enter("::ffff:192.0.2.1", full)
	enter("192.0.2.2", "")
	enter("2001:db8::1", "")
	enter("2001:db8::ffff", "")
	enter("2001:db8:0:0:1::", full) // of the same /64
	enter("2001:db8:0:1::", "")
	h.leave(first, now)
	enter("192.0.2.1", "")
	if one, refusal := h.enter(&net.UnixAddr{Name: "x", Net: "unix"}, now); one != nil || refusal != "" {
		t.Errorf("a Unix socket: %v, %q", one, refusal)
	}
	if n := len(h.by); n != 4 {
		t.Errorf("%d are remembered", n)
	}
}

func TestHostsRate(t *testing.T) {
	h := newHosts(0, 10, 0)
	now := time.Now()
	count := func(ip string, n int) (in int) {
		for range n {
			one, refusal := h.enter(at(ip), now)
			if refusal == "" {
				in++
			}
			h.leave(one, now)
		}
		return in
	}
	if in := count("192.0.2.1", 30); in != 10 {
		t.Errorf("%d at once", in)
	}
	if in := count("192.0.2.2", 30); in != 10 {
		t.Errorf("%d of another", in)
	}
	now = now.Add(250 * time.Millisecond)
	if in := count("192.0.2.1", 30); in != 2 {
		t.Errorf("%d after a quarter of a second", in)
	}
	now = now.Add(time.Hour)
	if in := count("192.0.2.1", 30); in != 10 {
		t.Errorf("%d after an hour", in)
	}
}

// Many addresses of one second are remembered, not more, and not for long.
func TestHostsBounded(t *testing.T) {
	h := newHosts(0, 10, 0)
	now := time.Now()
	for i := range 2 * maxHosts {
		one, refusal := h.enter(at(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)), now)
		if refusal != "" {
			t.Fatal(refusal)
		}
		h.leave(one, now)
	}
	if n := len(h.by); n != maxHosts {
		t.Errorf("%d are remembered", n)
	}
	now = now.Add(2 * burst)
	h.enter(at("192.0.2.1"), now)
	if n := len(h.by); n != 1 {
		t.Errorf("%d are remembered afterwards", n)
	}
	// Refused ones do not stay either.
	h = newHosts(1, 0, 0)
	one, _ := h.enter(at("192.0.2.1"), now)
	h.enter(at("192.0.2.1"), now)
	h.leave(one, now)
	if n := len(h.by); n != 0 {
		t.Errorf("%d are remembered without a connection", n)
	}
}

func TestConnectionsPerAddress(t *testing.T) {
	l := layered(t, func(c *Config) { c.MaxConnectionsPerAddress = 2 })
	a, b := dialPlain(t, l).Connect("a"), dialPlain(t, l).Connect("b")
	dialPlain(t, l).Closed()
	b.Close()
	until(t, "b is gone", func() bool { return l.Stats().Connections == 1 })
	dialPlain(t, l).Connect("c")
	a.Silence()
	if n := l.Stats().RefusedAddress; n != 1 {
		t.Errorf("%d are counted as refused", n)
	}
}

// Behind a proxy clients are counted, not the proxy.
func TestConnectionsPerProxiedAddress(t *testing.T) {
	l := layered(t, func(c *Config) { behindProxy(c); c.MaxConnectionsPerAddress = 1 })
	header := func(last byte) []byte { return proxyV2(1, 0x11, append([]byte{192, 0, 2, last}, ends4[4:]...)) }
	one := talk(t, dialHeader(t, l, header(1)), nil).Connect("1")
	talk(t, dialHeader(t, l, header(2)), nil).Connect("2")
	talk(t, dialHeader(t, l, header(1)), nil).Closed()
	for range 3 { // health checks are nobody's
		talk(t, dialHeader(t, l, proxyV2(0, 0)), nil).Connect("check").Silence()
	}
	one.Close()
	until(t, "the first is gone", func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return len(l.hosts.by) == 1
	})
	talk(t, dialHeader(t, l, header(1)), nil).Connect("1")
}

func TestConnectionRate(t *testing.T) {
	l := layered(t, func(c *Config) { c.ConnectionRate = 1 })
	dialPlain(t, l).Connect("a")
	dialPlain(t, l).Closed()
	if n := l.Stats().RefusedRate; n != 1 {
		t.Errorf("%d are counted as refused", n)
	}
}

func TestProtocolVersions(t *testing.T) {
	all := []mqtt.Version{mqtt.V31, mqtt.V311, mqtt.V5}
	for _, accepted := range all {
		l := layered(t, func(c *Config) { c.Versions = Versions(0).With(accepted) })
		for _, v := range all {
			k := dialPlain(t, l)
			k.Version = v
			k.Say(&mqtt.Connect{Version: v, CleanStart: true, ClientID: []byte("c")})
			if v == accepted {
				if v != mqtt.V5 {
					k.Expect(&mqtt.Connack{})
				}
				continue
			}
			k.Expect(&mqtt.Connack{ReasonCode: mqtt.ReasonUnsupportedProtocolVersion, Properties: unsupportedVersion(v)})
			k.Closed()
		}
	}
}

// unsupportedVersion are the properties of the CONNACK that says so.
func unsupportedVersion(v mqtt.Version) (p mqtt.ConnackProperties) {
	if v == mqtt.V5 {
		p.ReasonString = []byte(explanations[mqtt.ReasonUnsupportedProtocolVersion])
	}
	return p
}
