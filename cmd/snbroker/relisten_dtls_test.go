//go:build unix

package main

import (
	"regexp"
	"strings"
	"syscall"
	"testing"

	"snbroker/mqttsn/client"
)

// With DTLS, rules hold at once and sessions stay; what the socket was opened with
// opens it anew, and devices shake hands again.
func TestDTLSReload(t *testing.T) {
	at := freePort(t, "udp")
	settings := func(more string) string {
		text := regexp.MustCompile(`address = "[^"]*"`).ReplaceAllString(dtlsKeys, `address = "`+at+`"`)
		return strings.Replace(text, "[auth]", more+"[auth]", 1)
	}
	f := newFolder(t, map[string]string{"config.toml": settings(""), "keys": twoKeys})
	p := f.run()
	reload := func(more string) {
		t.Helper()
		f.write("config.toml", settings(more))
		p.signal(syscall.SIGHUP)
		p.until("msg=reloaded")
	}
	meter := secured(t, newRoaming(t), at, withKey("meter", meterKey)...)
	asks(t, meter, meter, connectC, connAck)

	reload("max_message_rate = 7\n")
	asks(t, meter, meter, "\x02\x16", "\x02\x17")
	reload("max_message_rate = 7\nclient_ids = [\"meter-*\"]\n")
	asks(t, meter, meter, "", "\x02\x18")
	for id, allowed := range map[string]bool{"meter-1": true, "c": false} {
		_, err := attach(t, secured(t, newRoaming(t), at, withKey("meter", meterKey)...), client.Config{ClientID: id})
		if (err == nil) != allowed {
			t.Errorf("%s: %v", id, err)
		}
	}
	reload("max_handshakes = 3\n")
	p.mustSay("not listening any more")
	again := secured(t, newRoaming(t), at, withKey("meter", meterKey)...)
	asks(t, again, again, connectC, connAck)
}
