package admin

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/internal/tap"
	"snbroker/mqttsn"
)

// served is the bench behind a socket.
func (b *bench) served() string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	go b.Serve(l)
	return "http://" + l.Addr().String()
}

// watch begins a trace, and returns when it has begun.
func (b *bench) watch(url, query string) io.ReadCloser {
	b.t.Helper()
	r, err := http.Get(url + "/api/v1/trace?" + query)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { r.Body.Close() })
	if r.StatusCode != http.StatusOK {
		b.t.Fatal(r.Status)
	}
	return r.Body
}

func readLines(t *testing.T, from *bufio.Reader, n int) (all []string) {
	t.Helper()
	for range n {
		line, err := from.ReadString('\n')
		if err != nil {
			t.Fatalf("%v after %q", err, all)
		}
		all = append(all, strings.TrimSuffix(line, "\n"))
	}
	return all
}

func TestTraceAsText(t *testing.T) {
	b := newBench(t, nil)
	n := b.withDevices()
	lines := bufio.NewReader(b.watch(b.served(), "client=sensor&hex=1"))
	b.program("app")
	b.asleep(n, "sensor", "set/1")
	got := readLines(t, lines, 12)
	for i, want := range []string{`<- 10.0.0.2:4000 "sensor" CONNECT clean duration=60 clientid="sensor"`, "    0c0404010", `-> 10.0.0.2:4000 "sensor" CONNACK`, "    030500",
		`<- 10.0.0.2:4000 "sensor" SUBSCRIBE`, "", `SUBACK qos=1 topicid=1 msgid=1 rc=accepted ("set/1")`, "", `DISCONNECT duration=300`, "", "-> ", "    0218"} {
		if !strings.Contains(got[i], want) {
			t.Errorf("line %d is %q, not %q", i, got[i], want)
		}
	}
}

func TestTraceAsEvents(t *testing.T) {
	b := newBench(t, nil)
	lines := bufio.NewReader(b.watch(b.served(), "format=events&topic=a/%2B&hex=1"))
	c := b.program("app")
	b.tell(c, &mqtt.Publish{Topic: []byte("b")})
	b.tell(c, &mqtt.Publish{Topic: []byte("a/1"), Payload: []byte("hi")})
	got := readLines(t, lines, 3)
	if got[0] != ": watching" || !strings.HasPrefix(got[2], `data: {"at":"`) || !strings.Contains(got[2], `"protocol":"mqtt","client":"app","topic":"a/1"`) || !strings.Contains(got[2], `"hex":"3008`) {
		t.Errorf("%q", got)
	}
}

// A trace ends with the server, and with who reads it; then nothing is shown.
func TestTraceEnds(t *testing.T) {
	b := newBench(t, nil)
	url := b.served()
	one, two := b.watch(url, ""), b.watch(url, "")
	one.Close()
	b.Server.Close()
	if rest, err := io.ReadAll(two); err == nil && len(rest) > 0 {
		t.Errorf("%q", rest)
	}
	if b.tap.On() {
		t.Error("somebody watches still")
	}
}

func TestTracesAreBounded(t *testing.T) {
	b := newBench(t, nil)
	b.traces.Store(maxTraces)
	if code, _, text := b.ask("GET", "/api/v1/trace", "", nil); code != 503 || b.traces.Load() != maxTraces {
		t.Errorf("%d %s", code, text)
	}
	for _, bad := range []string{"topic=a/%23/b", "format=pdf"} {
		if code, _, text := b.ask("GET", "/api/v1/trace?"+bad, "", nil); code != 400 {
			t.Errorf("%s: %d %s", bad, code, text)
		}
	}
}

// tshark reads what is captured: Wireshark's own dissectors know each message.
func TestTraceInWireshark(t *testing.T) {
	b := newBench(t, nil)
	n := b.withDevices()
	file := filepath.Join(t.TempDir(), "trace.pcapng")
	capture := b.watch(b.served(), "format=pcapng")
	copied := make(chan string, 1)
	whole := make(chan struct{}) // all packets are here
	go func() {
		var all strings.Builder
		for buf := make([]byte, 4096); ; {
			n, err := capture.Read(buf)
			before := strings.Count(all.String(), "client=")
			all.Write(buf[:n])
			if before < 17 && strings.Count(all.String(), "client=") >= 17 {
				close(whole)
			}
			if err != nil {
				copied <- all.String()
				return
			}
		}
	}()
	c := b.program("app")
	b.tell(c, &mqtt.Subscribe{PacketID: 1, Filters: []mqtt.Filter{{TopicFilter: []byte("from/sensor")}}})
	hear(t, c)
	d := b.asleep(n, "sensor", "set/1")
	d.say(&mqttsn.Connect{ProtocolID: mqttsn.ProtocolID, Duration: 60, ClientID: []byte("sensor")})
	d.say(&mqttsn.Register{MsgID: 2, TopicName: []byte("from/sensor")})
	d.say(&mqttsn.Publish{QoS: mqttsn.QoS1, TopicID: 2, MsgID: 3, Data: []byte(strings.Repeat("x", 300))})
	for got := 0; got < 300; {
		got += len(hear(t, c))
	}
	<-whole
	b.Server.Close()
	captured := <-copied
	if err := os.WriteFile(file, []byte(captured), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := exec.Command("tshark", "-r", file, "-d", "udp.port==1883,mqttsn", "-o", "udp.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE",
		"-T", "fields", "-e", "ip.src", "-e", "_ws.col.Protocol", "-e", "_ws.col.Info", "-e", "udp.checksum.status", "-e", "tcp.checksum.status", "-e", "ip.checksum.status", "-e", "frame.comment").Output()
	if err != nil {
		t.Fatalf("tshark: %v (scripts/install-test-tools installs it)", err)
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	for _, want := range []string{"MQTT\tConnect Command", "MQTT\tConnect Ack", "MQTT\tSubscribe Request", "MQTT\tPublish Message [from/sensor]",
		"MQTT-SN\tConnect Command", "MQTT-SN\tConnect Ack", "MQTT-SN\tSubscribe Request", "MQTT-SN\tSubscribe Ack", "MQTT-SN\tDisconnect Req",
		"MQTT-SN\tRegister", "MQTT-SN\tPublish Message", "MQTT-SN\tPublish Ack", `client="sensor" state=active topic="from/sensor" peer=10.0.0.2:4000`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q", want)
		}
	}
	for _, line := range lines {
		if strings.Contains(line, "alformed") || strings.Contains(line, "\t0\t") {
			t.Errorf("tshark is not content with %q", line)
		}
	}
	if t.Failed() {
		t.Logf("%s", text)
	}
	if strings.Contains(captured, "top secret") {
		t.Error("a password is in it")
	}
}

func TestEnds(t *testing.T) {
	for _, c := range []struct{ peer, local, client, server string }{
		{"192.0.2.7:4000", "udp 192.0.2.1:10000", "192.0.2.7:4000", "192.0.2.1:1883"},
		{"192.0.2.7:4000 forwarding 0102", "udp [::]:1883", "192.0.2.7:4000", "192.0.2.1:1883"},
		{"[fe80::1%wpan0]:1883", "[::1]:1883", "[fe80::1]:1883", "[::1]:1883"},
		{"[fe80::1]:1883", "127.0.0.1:1883", "[fe80::1]:1883", "[2001:db8::1]:1883"},
	} {
		client, server := ends(&tap.Packet{Peer: c.peer, Local: c.local})
		if client != netip.MustParseAddrPort(c.client) || server != netip.MustParseAddrPort(c.server) {
			t.Errorf("%s %s: %v %v", c.peer, c.local, client, server)
		}
	}
	if client, server := ends(&tap.Packet{Peer: "#0013", Local: "serial /dev/ttyUSB0"}); !client.Addr().Is4() || !server.IsValid() {
		t.Errorf("%v %v", client, server)
	}
}

func FuzzCapture(f *testing.F) {
	f.Add("192.0.2.7:4000", "udp 127.0.0.1:1883", []byte{2, 0x16}, true, true)
	f.Add("[::1]:1", "[::1]:2", []byte{0x30, 0}, false, false)
	f.Fuzz(func(t *testing.T, peer, local string, octets []byte, sn, out bool) {
		p := &tap.Packet{At: time.Unix(1, 0), Peer: peer, Local: local, Octets: octets, Out: out}
		if !sn {
			p.Protocol = tap.MQTT
		} else if p.Protocol = tap.MQTTSN; len(octets) > 65_507 {
			return // no datagram
		}
		c := newCapture(io.Discard)
		if err := c.packet(p); err != nil || len(c.block)%4 != 0 {
			t.Errorf("%v, %d octets", err, len(c.block))
		}
	})
}
