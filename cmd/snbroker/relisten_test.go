//go:build unix

package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"snbroker/internal/auth"
)

// freePort is one that nobody has at the moment: on Linux at an address that no
// other process uses, so that it stays free.
func freePort(t *testing.T, network string) string {
	t.Helper()
	host := "127.0.0.1"
	if runtime.GOOS == "linux" {
		pid := os.Getpid()
		host = fmt.Sprintf("127.%d.%d.%d", 64+pid>>16&63, pid>>8&255, pid&255)
	}
	if network == "udp" {
		c, err := net.ListenPacket("udp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.LocalAddr().String()
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// hup writes new settings and waits until they are in force.
func (p *process) hup(path, text, until string) {
	p.t.Helper()
	rewrite(p.t, path, text)
	p.signal(syscall.SIGHUP)
	p.until(until)
}

// Each kind of change takes hold without a restart: for those who come, and for
// those who are there where it is said so.
func TestListenersReload(t *testing.T) {
	const (
		stays = true
		goes  = false
	)
	for _, tc := range []struct {
		name           string
		mqtt, mqttsn   string // more settings
		client, device bool   // who is there
		clientAnswer   string // to who comes; "": the connection ends
		deviceAnswer   string
	}{
		{"nothing", "", "", stays, stays, mqttConnack, snConnack},
		{"anonymous", "allow_anonymous = false", "allow_anonymous = false", goes, goes, mqttRefused, "\x03\x05\x03"},
		{"versions", `protocol_versions = ["5"]`, "", stays, stays, "\x20\x02\x00\x01", snConnack},
		{"mount point", `mount_point = "site/"`, "", stays, stays, mqttConnack, snConnack},
		{"another server", `server_reference = "other:1883"`, "", stays, stays, "\x20\x02\x00\x03", snConnack},
		{"connections", "max_connections = 1", "", stays, stays, "", snConnack},
		{"rates", "max_message_rate = 1\nmax_message_rate_per_address = 1\nconnection_rate = 100", "max_message_rate = 1", stays, stays, mqttConnack, snConnack},
		{"ClientIDs", "", `client_ids = ["x*", "c"]`, stays, goes, mqttConnack, "\x03\x05\x03"},
		{"a proxy", `proxy_protocol_from = ["127.0.0.1"]` + "\nallow_anonymous = true\nconnect_timeout = \"100ms\"", "", stays, stays, "", snConnack},
		{"WebSocket", `type = "ws"`, "", goes, stays, "", snConnack},
		{"the socket itself", "", "receive_buffer = \"64KiB\"", stays, goes, mqttConnack, snConnack},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tcp, udp := freePort(t, "tcp"), freePort(t, "udp")
			settings := func(mqtt, mqttsn string) string {
				return fmt.Sprintf("[admin]\naddress = \"\"\n[log]\nlevel = \"debug\"\n[[mqtt.listener]]\naddress = %q\n%s\n[[mqttsn.listener]]\naddress = %q\n%s\n", tcp, mqtt, udp, mqttsn)
			}
			path := file(t, settings("", ""))
			p := launch(t, nil, "-config", path)
			p.until("msg=ready")
			client, device := dial(t, "tcp", tcp), dial(t, "udp", udp)
			client.ask(mqttConnect, mqttConnack)
			device.ask(snConnect, snConnack)

			p.hup(path, settings(tc.mqtt, tc.mqttsn), "msg=reloaded")
			if tc.client == stays {
				client.ask("\xc0\x00", "\xd0\x00")
			} else {
				client.ends()
			}
			if tc.device == stays {
				device.ask("\x02\x16", "\x02\x17")
			} else {
				device.hear(snDisconnect)
			}
			client = dial(t, "tcp", tcp)
			if tc.clientAnswer != "" {
				client.ask(strings.Replace(mqttConnect, "\x01c", "\x01e", 1), tc.clientAnswer)
			} else {
				client.say("\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01e\r\n\r\n")
				client.ends()
			}
			dial(t, "udp", udp).ask("\x07\x04\x04\x01\x00\x3ce", tc.deviceAnswer)
			p.signal(syscall.SIGTERM)
			if code := p.end(); code != exitOK {
				t.Errorf("exit code %d", code)
			}
		})
	}
}

// Listeners come and go, and move from one address of a port to all of them.
func TestListenersComeAndGo(t *testing.T) {
	tcp, other, udp := freePort(t, "tcp"), freePort(t, "tcp"), freePort(t, "udp")
	_, port, _ := net.SplitHostPort(tcp)
	_, uport, _ := net.SplitHostPort(udp)
	listeners := func(tcp, udp string, more string) string {
		return fmt.Sprintf("[admin]\naddress = \"\"\n[[mqtt.listener]]\naddress = %q\nallow_anonymous = true\n[[mqttsn.listener]]\naddress = %q\nallow_anonymous = true\n%s", tcp, udp, more)
	}
	path := file(t, listeners(tcp, udp, ""))
	p := launch(t, nil, "-config", path)
	p.until("msg=ready")
	there, device := dial(t, "tcp", tcp), dial(t, "udp", udp)
	there.ask(mqttConnect, mqttConnack)
	device.ask(snConnect, snConnack)

	p.hup(path, listeners(tcp, udp, fmt.Sprintf("[[mqtt.listener]]\naddress = %q\n", other)), "msg=reloaded")
	second := dial(t, "tcp", other)
	second.ask(strings.Replace(mqttConnect, "\x01c", "\x01e", 1), mqttConnack)
	p.hup(path, listeners(tcp, udp, ""), "msg=reloaded")
	second.ends()
	if c, err := net.Dial("tcp", other); err == nil {
		c.Close()
		t.Error("a listener that is gone takes connections")
	}
	there.ask("\xc0\x00", "\xd0\x00")
	device.ask("\x02\x16", "\x02\x17")

	p.hup(path, listeners("0.0.0.0:"+port, "0.0.0.0:"+uport, ""), "msg=reloaded")
	there.ends()
	device.hear(snDisconnect)
	dial(t, "tcp", tcp).ask(mqttConnect, mqttConnack)
	dial(t, "udp", udp).ask(snConnect, snConnack)
}

// What cannot be had changes nothing, and is told with where it is set.
func TestListenersNotReloaded(t *testing.T) {
	tcp, udp := freePort(t, "tcp"), freePort(t, "udp")
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	listeners := func(more string) string {
		return fmt.Sprintf("[admin]\naddress = \"\"\n[[mqttsn.listener]]\naddress = %q\n[[mqtt.listener]]\naddress = %q\n%s", udp, tcp, more)
	}
	path := file(t, listeners(""))
	p := launch(t, nil, "-config", path)
	p.until("msg=ready")
	for _, tc := range []struct{ more, says string }{
		{"allow_anonymous = false\n[[mqtt.listener]]\naddress = \"" + taken.Addr().String() + "\"\n", `another broker or gateway has this port (mosquitto?); stop it, or set address in [[mqtt.listener]] (` + path + ":8)"},
		{"allow_anonymous = false\n[[mqtt.listener]]\ntype = \"tls\"\naddress = \"127.0.0.1:0\"\ncert_file = \"none.crt\"\nkey_file = \"none.key\"\n", path + ":8"},
		{"allow_anonymous = \"no\"\n", path + ":7: mqtt.listener.allow_anonymous"},
	} {
		rewrite(t, path, listeners(tc.more))
		p.signal(syscall.SIGHUP)
		if line := p.until("level=ERROR"); !strings.Contains(strings.ReplaceAll(line, `\"`, `"`), tc.says) {
			t.Errorf("it does not say %s:\n%s", tc.says, line)
		}
		dial(t, "tcp", tcp).ask(mqttConnect, mqttConnack)
	}
	p.hup(path, listeners(""), "msg=reloaded")
	dial(t, "udp", udp).ask(snConnect, snConnack)

	// A socket that goes could have been in the way: it has gone when that is known.
	moved := strings.Replace(listeners("[[mqtt.listener]]\naddress = \""+taken.Addr().String()+"\"\n"), udp, freePort(t, "udp"), 1)
	p.hup(path, moved, "reloaded in part")
	taken.Close()
	p.hup(path, moved, "msg=reloaded")
	dial(t, "tcp", taken.Addr().String()).ask(mqttConnect, mqttConnack)
}

// [admin] moves, gets users, and goes.
func TestAdminReload(t *testing.T) {
	first, second := freePort(t, "tcp"), freePort(t, "tcp")
	_, port, _ := net.SplitHostPort(second)
	at := func(address, more string) string {
		return onePort + fmt.Sprintf("[admin]\naddress = %q\n%s", address, more)
	}
	path := file(t, at(first, ""))
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "admins"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := auth.SetPassword(filepath.Join(filepath.Dir(path), "admins"), "alice", "open sesame", auth.Options{}); err != nil {
		t.Fatal(err)
	}
	p := launch(t, nil, "-config", path)
	p.until("msg=ready")
	for _, tc := range []struct {
		settings, until string
		there, gone     string
		status          int
	}{
		{at(second, ""), "msg=reloaded", second, first, 200},
		{at("127.0.0.1:1", ""), "not changed", second, first, 200}, // no permission, or taken
		{at(second, "password_file = \"none\"\n"), "not changed", second, first, 200},
		{at(second, "password_file = \"admins\"\n"), "msg=reloaded", second, first, 401},
		{at("0.0.0.0:"+port, "password_file = \"admins\"\n"), "msg=reloaded", second, first, 401},
		{at(first, ""), "msg=reloaded", first, second, 200},
		{at("", ""), "msg=reloaded", "", first, 0},
	} {
		if tc.settings == at("127.0.0.1:1", "") && os.Getuid() == 0 {
			continue // whoever is root may have it
		}
		p.hup(path, tc.settings, tc.until)
		if tc.there != "" {
			if code, _ := fetch(t, "http://"+tc.there+"/metrics"); code != tc.status {
				t.Errorf("%s: %d", tc.there, code)
			}
		}
		if c, err := net.DialTimeout("tcp", tc.gone, time.Second); err == nil {
			c.Close()
			t.Errorf("%s still answers", tc.gone)
		}
	}
}

// A listener takes up TLS, other files for it, and asks for clients' certificates,
// all on one address.
func TestListenerTakesUpTLS(t *testing.T) {
	a := newAuthority(t)
	for _, name := range []string{"server", "second", "client"} {
		a.sign(name, nil)
	}
	tcp := freePort(t, "tcp")
	settings := func(more string) string {
		return fmt.Sprintf("mqttsn.listener = []\n[admin]\naddress = \"\"\n[[mqtt.listener]]\naddress = %q\n%s", tcp, more)
	}
	with := func(name, more string) string {
		return settings(fmt.Sprintf("type = \"tls\"\ncert_file = %q\nkey_file = %q\n%s", a.path(name+".crt"), a.path(name+".key"), more))
	}
	trust := x509.NewCertPool()
	trust.AddCert(a.cert)
	secured := func(want string, own ...tls.Certificate) peer {
		t.Helper()
		conn, err := tls.Dial("tcp", tcp, &tls.Config{RootCAs: trust, ServerName: "127.0.0.1", Certificates: own})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conn.SetDeadline(time.Now().Add(20 * time.Second))
		if name := conn.ConnectionState().PeerCertificates[0].Subject.CommonName; name != want {
			t.Errorf("met by %s, want %s", name, want)
		}
		return peer{t, conn}
	}
	path := file(t, settings(""))
	p := launch(t, nil, "-config", path)
	p.until("msg=ready")
	plain := dial(t, "tcp", tcp)
	plain.ask(mqttConnect, mqttConnack)

	p.hup(path, with("server", ""), "msg=reloaded")
	plain.ends()
	first := secured("server")
	first.ask(mqttConnect, mqttConnack)
	p.hup(path, with("second", ""), "msg=reloaded")
	first.ask("\xc0\x00", "\xd0\x00") // its handshake was good
	secured("second").ask(strings.Replace(mqttConnect, "\x01c", "\x01e", 1), mqttConnack)

	p.hup(path, with("second", fmt.Sprintf("client_ca_file = %q\nrequire_client_cert = true\n", a.path("ca.crt"))), "msg=reloaded")
	first.ends()
	secured("second").ends()
	own, err := tls.LoadX509KeyPair(a.path("client.crt"), a.path("client.key"))
	if err != nil {
		t.Fatal(err)
	}
	secured("second", own).ask(mqttConnect, mqttConnack)
}

// A listener for devices gets a group, and loses it.
func TestGroupsReload(t *testing.T) {
	udp := freePort(t, "udp")
	settings := func(more string) string {
		return fmt.Sprintf("mqtt.listener = []\n[admin]\naddress = \"\"\n[[mqttsn.listener]]\naddress = %q\n%s", udp, more)
	}
	path := file(t, settings(""))
	p := launch(t, nil, "-config", path)
	p.until("msg=ready")
	_, port, _ := net.SplitHostPort(freePort(t, "udp"))
	p.hup(path, settings("groups = [\"225.1.1.1:"+port+"\"]\ngroup_interfaces = [\"lo\"]\n"), "answering devices that look for a gateway")
	p.until("msg=reloaded")
	dial(t, "udp", udp).ask(snConnect, snConnack)
	p.hup(path, settings(""), "msg=reloaded")
	dial(t, "udp", udp).ask(snConnect, snConnack)
}
