package main

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"snbroker/internal/config"
)

// quietly is a log that nobody reads.
var quietly = slog.New(slog.DiscardHandler)

// logBuffer is a log to look at.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func configured(t testing.TB, text string) *config.Config {
	t.Helper()
	cfg, err := config.Parse("test.toml", text)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Store.Path = t.TempDir()
	return cfg
}

const anyPort = `
[[mqtt.listener]]
address = ["127.0.0.1:0", "[::1]:0"]
[[mqttsn.listener]]
address = ["127.0.0.1:0", "[::1]:0"]
`

func started(t testing.TB, text string, log *slog.Logger) *server {
	t.Helper()
	s, err := start(configured(t, text), log)
	if err != nil {
		t.Fatal(err)
	}
	stop := sync.OnceFunc(s.stop)
	t.Cleanup(stop)
	return s
}

// Devices and clients, over IPv4 and IPv6, hear each other.
func TestServe(t *testing.T) {
	s := started(t, anyPort, quietly)
	for i := range s.clients {
		client := dial(t, "tcp", s.clients[i].Addr().String())
		client.ask(mqttConnect, mqttConnack)
		client.ask(mqttSubscribe, mqttSuback)
		device := dial(t, "udp", s.devices[i].udp.LocalAddr().String())
		device.ask(snSearchGw, snGwInfo)
		device.ask(snConnect, snConnack)
		device.say(snPublish("from a device"))
		client.hear(mqttPublish("from a device"))
		device.say(snMinusOne("from a stranger"))
		client.hear(mqttPublish("from a stranger"))
		client.Close()
	}
}

// At the end devices and clients are told, the ports are free, and nothing goes
// on in the background.
func TestStop(t *testing.T) {
	s, err := start(configured(t, anyPort), quietly)
	if err != nil {
		t.Fatal(err)
	}
	client := dial(t, "tcp", s.clients[0].Addr().String())
	client.ask(mqttConnect, mqttConnack)
	silent := dial(t, "tcp", s.clients[1].Addr().String())
	device := dial(t, "udp", s.devices[0].udp.LocalAddr().String())
	device.ask(snConnect, snConnack)
	s.stop()
	device.hear(snDisconnect)
	client.ends()
	silent.ends()
	for _, c := range s.clients {
		free, err := net.Listen("tcp", c.Addr().String())
		if err != nil {
			t.Errorf("TCP %s is not free: %v", c.Addr(), err)
			continue
		}
		free.Close()
	}
	for _, d := range s.devices {
		free, err := net.ListenPacket("udp", d.udp.LocalAddr().String())
		if err != nil {
			t.Errorf("UDP %s is not free: %v", d.udp.LocalAddr(), err)
			continue
		}
		free.Close()
	}
	nothingGoesOn(t)
}

// nothingGoesOn looks for goroutines of ours, but for the test's. One that has
// told its end may still be leaving.
func nothingGoesOn(t *testing.T) {
	t.Helper()
	var left []string
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		b := make([]byte, 1<<20)
		b = b[:runtime.Stack(b, true)]
		left = nil
		for _, g := range strings.Split(string(b), "\n\n")[1:] {
			if strings.Contains(g, "snbroker/") && !strings.Contains(g, "testing.") {
				left = append(left, g)
			}
		}
		if len(left) == 0 {
			return
		}
	}
	t.Errorf("still running:\n%s", strings.Join(left, "\n\n"))
}

// A start that fails closes what it had opened.
func TestStartFails(t *testing.T) {
	taken, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	text := "[[mqtt.listener]]\naddress = \"" + free.Addr().String() + "\"\n" +
		"[[mqttsn.listener]]\naddress = \"" + taken.LocalAddr().String() + "\"\n"
	_, err = start(configured(t, text), quietly)
	want := "listen udp " + taken.LocalAddr().String() + ": address already in use: another broker or gateway has this port (mosquitto?); " +
		"stop it, or set address in [[mqttsn.listener]] (test.toml:3)"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	again, err := net.Listen("tcp", free.Addr().String())
	if err != nil {
		t.Fatal("what was open stays open: ", err)
	}
	again.Close()
	nothingGoesOn(t)
}

// [::1] beside 127.0.0.1 may be missing; alone it may not.
func TestSpareAddress(t *testing.T) {
	taken, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	var log logBuffer
	s := started(t, "mqttsn.listener = []\n[[mqtt.listener]]\naddress = [\"127.0.0.1:"+port+"\", \"[::1]:"+port+"\"]\n",
		slog.New(slog.NewTextHandler(&log, nil)))
	if len(s.clients) != 1 || !strings.Contains(log.String(), "going on without it") {
		t.Errorf("%d listeners; the log:\n%s", len(s.clients), log.String())
	}
	if _, err := start(configured(t, "mqttsn.listener = []\n[[mqtt.listener]]\naddress = \"[::1]:"+port+"\"\n"), quietly); err == nil {
		t.Error("no error for [::1] alone")
	}
}

// 0.0.0.0 is IPv4 alone, as it is for devices.
func TestIPv4Only(t *testing.T) {
	s := started(t, "mqttsn.listener = []\n[[mqtt.listener]]\naddress = \"0.0.0.0:0\"\n", quietly)
	if at := s.clients[0].Addr().(*net.TCPAddr); at.IP.To4() == nil {
		t.Errorf("listens on %s", at)
	}
}

// A wider address without allow_anonymous is served, lets nobody in, and the log
// says which line opens it.
func TestNobodyIsLetIn(t *testing.T) {
	var log logBuffer
	s := started(t, "[[mqtt.listener]]\naddress = \":0\"\n[[mqttsn.listener]]\naddress = \":0\"\n", slog.New(slog.NewTextHandler(&log, nil)))
	_, port, _ := net.SplitHostPort(s.clients[0].Addr().String())
	client := dial(t, "tcp", "127.0.0.1:"+port)
	client.ask(mqttConnect, mqttRefused)
	for _, want := range []string{
		`put this line into [[mqtt.listener]] (test.toml:1)" listener=[::]:`,
		`put this line into [[mqttsn.listener]] (test.toml:3)" listener=[::]:`,
		`line="allow_anonymous = true"`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %s:\n%s", want, log.String())
		}
	}
	if try := s.tryIt(); try != "" {
		t.Errorf("it says to try %q, which cannot work", try)
	}
}

// A socket that was left behind is replaced; one that is in use is not.
func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mqtt.sock")
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close()
	text := "mqttsn.listener = []\n[[mqtt.listener]]\ntype = \"unix\"\naddress = \"" + path + "\"\n"
	started(t, text, quietly)
	dial(t, "unix", path).ask(mqttConnect, mqttConnack)
	if _, err := start(configured(t, text), quietly); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a second one: %v", err)
	}
	dial(t, "unix", path).ask(mqttConnect, mqttConnack)
}

// A device that asks a group learns the address to connect to.
func TestDiscovery(t *testing.T) {
	reserved, err := net.ListenPacket("udp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(reserved.LocalAddr().String())
	reserved.Close()
	s := started(t, `mqtt.listener = []
[[mqttsn.listener]]
address = ["[::1]:0", "127.0.0.1:0", ":`+port+`"]
groups = ["225.1.1.1:`+port+`"]
group_interfaces = ["lo"]
`, quietly)
	device, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	device.SetDeadline(time.Now().Add(20 * time.Second))
	// Bound to a loopback address it sends by loopback.
	if _, err := device.WriteToUDPAddrPort([]byte(snSearchGw), s.groups[0].address); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 64)
	n, from, err := device.ReadFromUDPAddrPort(b)
	if err != nil || string(b[:n]) != snGwInfo || from.Port() != s.devices[2].udp.LocalAddr().Port() {
		t.Errorf("heard % x from %s, %v; want GWINFO from port %s, which the group has too", b[:n], from, err, port)
	}
}

// A group that cannot be had keeps nothing else from working, and is tried again.
func TestGroupLater(t *testing.T) {
	obstacle, err := net.ListenPacket("udp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(obstacle.LocalAddr().String())
	var log logBuffer
	s, err := start(configured(t, `mqtt.listener = []
[[mqttsn.listener]]
address = "127.0.0.1:0"
groups = ["225.1.1.1:`+port+`"]
group_interfaces = ["lo"]
`), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	dial(t, "udp", s.devices[0].udp.LocalAddr().String()).ask(snSearchGw, snGwInfo)
	close(s.quit) // the test is the keeper now
	s.keeper.Wait()
	s.joinGroups()
	if n := strings.Count(log.String(), "devices cannot find the gateway"); n != 1 {
		t.Errorf("the failure is logged %d times", n)
	}
	obstacle.Close()
	s.joinGroups()
	s.joinGroups()
	if n := strings.Count(log.String(), "the group can be heard"); n != 1 {
		t.Errorf("the success is logged %d times", n)
	}
	searcher, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer searcher.Close()
	p := peer{t, searcher}
	searcher.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := searcher.WriteToUDPAddrPort([]byte(snSearchGw), s.groups[0].address); err != nil {
		t.Fatal(err)
	}
	p.hear(snGwInfo)
	s.quit = make(chan struct{})
	s.stop()
	nothingGoesOn(t)
}

// A group that none of its listener's addresses can answer is a mistake.
func TestGroupOfOtherFamily(t *testing.T) {
	_, err := start(configured(t, "mqtt.listener = []\n[[mqttsn.listener]]\naddress = \"127.0.0.1:0\"\ngroups = [\"[ff03::2]:10000\"]\n"), quietly)
	if err == nil || !strings.Contains(err.Error(), "same family") || !strings.Contains(err.Error(), "(test.toml:2)") {
		t.Errorf("got %v", err)
	}
	nothingGoesOn(t)
}

// Every socket of the program is needed: when one dies, so does the program.
func TestListenerDies(t *testing.T) {
	s, err := start(configured(t, anyPort), quietly)
	if err != nil {
		t.Fatal(err)
	}
	why := errors.New("the radio is gone")
	s.run(func() error { return why })
	p := &program{log: quietly}
	if err := p.until(signals{}, s); err != why {
		t.Errorf("got %v", err)
	}
	nothingGoesOn(t)
}

func TestTryIt(t *testing.T) {
	s := started(t, anyPort, quietly)
	_, port, _ := net.SplitHostPort(s.clients[0].Addr().String())
	want := "snbroker: try it:  mosquitto_sub -p " + port + " -t '#' -v    and    go run ./firmware-sim pub -gateway " +
		s.devices[0].udp.LocalAddr().String() + " -t hello -m world\n"
	if got := s.tryIt(); got != want {
		t.Errorf("got  %swant %s", got, want)
	}
	if isTerminal(io.Discard) {
		t.Error("a writer is taken for a terminal")
	}
}
