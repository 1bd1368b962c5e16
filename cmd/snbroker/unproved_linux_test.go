package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
)

// What strangers can do, with forged addresses. Those of this machine have nothing to
// prove, so the tests run in a network of their own, all of 198.51.100.0/24.

const (
	ownNetwork = "TEST_IN_OWN_NETWORK"
	gatewayAt  = "198.51.100.1:0"
)

// inOwnNetwork runs the test in a process with such a network, and reports whether
// this is that process.
func inOwnNetwork(t *testing.T) bool {
	t.Helper()
	if os.Getenv(ownNetwork) != "" {
		for _, line := range []string{"ip link set lo up", "ip address add 198.51.100.1/24 dev lo"} {
			if out, err := exec.Command("/bin/sh", "-c", "PATH=$PATH:/sbin:/usr/sbin "+line).CombinedOutput(); err != nil {
				t.Fatalf("%s: %v: scripts/install-test-tools installs iproute2\n%s", line, err, out)
			}
		}
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), ownNetwork+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Geteuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getegid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
	return false
}

// from is a socket with one of that network's addresses.
func from(t *testing.T, host int, to string) peer {
	t.Helper()
	at, err := net.ResolveUDPAddr("udp", to)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := net.DialUDP("udp", &net.UDPAddr{IP: net.IPv4(198, 51, 100, byte(host))}, at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(20 * time.Second))
	return peer{t, nc}
}

// metric is the value of one of the program's metrics, all of its labels together.
func (p *process) metric(name string) (sum int) {
	p.t.Helper()
	_, text := fetch(p.t, p.adminURL()+"/metrics")
	for _, m := range regexp.MustCompile(`(?m)^snbroker_`+name+`(?:\{.*)? ([0-9]+)$`).FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(m[1])
		sum += n
	}
	return sum
}

const strangersAllowed = "[[mqtt.listener]]\naddress = \"127.0.0.1:0\"\n[[mqttsn.listener]]\naddress = \"" + gatewayAt + "\"\nallow_anonymous = true\n%s[admin]\naddress = \"127.0.0.1:0\"\n"

// connectTo is a CONNECT; flags are 0 or 4, CleanSession, and 8, Will.
func connectTo(id string, flags byte) string {
	return string([]byte{byte(6 + len(id)), 4, flags, 1, 2, 0x58}) + id
}

// Whatever is sent from a forged address, three times as much comes to it at most. Who
// is there gets all.
func TestAmplificationOfTheProgram(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	p := newFolder(t, map[string]string{"config.toml": fmt.Sprintf(strangersAllowed, "[mqttsn]\nt_retry = \"100ms\"\nn_retry = 3\n")}).run()
	to := p.address("udp")
	const messages, size = 30, 1000
	lines := strings.Repeat(strings.Repeat("x", size)+"\n", messages)
	publish(t, p.address("tcp"), nil, "-t", "kept", "-r", "-m", strings.Repeat("r", size))

	numbers := func(message string) (all []string) { // with MsgIDs that it might be
		for id := range 300 {
			all = append(all, message+string([]byte{byte(id >> 8), byte(id), 0}))
		}
		return all
	}
	subscribeAll := "\x06\x12\x20\x00\x01#"
	for i, forged := range []struct {
		name   string
		asleep bool
		says   []string // after the first; "v" is the ClientID
	}{
		{"CONNECT", false, []string{connectTo("v", 0)}},
		{"CONNECT, twice", false, []string{connectTo("v", 0), connectTo("v", 0)}},
		{"CONNECT with a will", false, []string{connectTo("v", 8)}},
		{"PINGREQ", true, []string{"\x03\x16v"}},
		{"CONNECT of a sleeper", true, []string{connectTo("v", 0)}},
		{"REGACKs", false, append([]string{connectTo("v", 0)}, numbers("\x07\x0b\xff\xff")...)},
		{"PUBACKs", false, append([]string{connectTo("v", 0)}, numbers("\x07\x0d\x00\x01")...)},
		{"SUBSCRIBE", false, []string{connectTo("w", 4), subscribeAll}},
		{"strangers", false, []string{"\x02\x16", subscribeAll, snSearchGw, "\x02\x16"}},
	} {
		id := string(rune('A' + i)) // of the session with the queue
		owner := from(t, 5, to)
		owner.ask(connectTo(id, 0), connAck)
		owner.ask("\x09\x12\x20\x00\x01to/"+id, "\x08\x13\x20\x00\x01\x00\x01\x00")
		if forged.asleep {
			owner.ask("\x04\x18\x02\x58", snDisconnect)
		} else {
			owner.ask("\x02\x18", snDisconnect)
		}
		publish(t, p.address("tcp"), strings.NewReader(lines), "-t", "to/"+id, "-l", "-q", "1")

		victim := from(t, 66+i, to)
		sent, got := 0, 0
		for _, text := range forged.says {
			text = strings.Replace(text, "v", id, 1)
			sent += len(text)
			victim.say(text)
		}
		b := make([]byte, 2*size)
		// It is over when nothing more comes for six times t_retry.
		for wait := 20 * time.Second; ; wait = 600 * time.Millisecond {
			victim.SetReadDeadline(time.Now().Add(wait))
			n, err := victim.Read(b)
			if err != nil {
				break
			}
			got += n
		}
		t.Logf("%-20s %5d octets in, %5d out: %.2f", forged.name, sent, got, float64(got)/float64(sent))
		if got == 0 || got > 3*sent {
			t.Errorf("%s: %d octets came of %d", forged.name, got, sent)
		}
	}
	// The first one's queue is still there.
	arrived := make(chan int, messages)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	d, err := client.NewConn(ctx, from(t, 7, to).Conn, client.Config{ClientID: "A", KeepAlive: time.Minute, OnMessage: func(m *client.Message) { arrived <- len(m.Payload) }})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close(ctx)
	for i := range messages {
		select {
		case n := <-arrived:
			if n != size {
				t.Errorf("message %d has %d octets", i, n)
			}
		case <-ctx.Done():
			t.Fatalf("%d messages arrived", i)
		}
	}
}

// Forged CONNECTs have a bounded number of sessions; a device that is there proves its
// address in time and keeps its own, and of the others the oldest goes.
func TestForgedSessions(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	const most, strangers = 40, 300
	p := newFolder(t, map[string]string{"config.toml": fmt.Sprintf(strangersAllowed, fmt.Sprintf("[limits]\nmax_devices = %d\n", most))}).run()
	to := p.address("udp")
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	honest, err := client.NewConn(ctx, from(t, 7, to).Conn, client.Config{ClientID: "honest", CleanSession: true, KeepAlive: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	defer honest.Close(ctx)
	var all []peer
	for i := range strangers {
		if i == most*3/4 {
			// It is asked for a proof, as more than half of the room is taken; when the
			// second answer is there it has given it.
			for range 2 {
				if _, err := honest.Ping(ctx); err != nil {
					t.Fatal(err)
				}
			}
		}
		s := from(t, 10+i%200, to)
		s.ask(connectTo(fmt.Sprintf("s-%d", i), 4), connAck)
		all = append(all, s)
	}
	if n := p.metric("devices"); n != most {
		t.Errorf("%d devices, want %d", n, most)
	}
	if n := p.metric(`mqttsn_unproved_total\{outcome="displaced"\}`); n != strangers+1-most {
		t.Errorf("%d displaced, want %d", n, strangers+1-most)
	}
	for _, s := range all[strangers-(most-1):] { // the newest are all who are there
		s.say("\x02\x16")
		b := make([]byte, 100)
		for answer := ""; answer != "\x02\x17"; answer = string(b[:2]) { // after a REGISTER
			if _, err := s.Read(b); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := honest.Ping(ctx); err != nil {
		t.Errorf("the honest one: %v", err)
	}
	p.until("max_devices is reached")
}

// A device, and an address, may publish so much in a second; others are not concerned.
func TestRatesOfTheProgram(t *testing.T) {
	if !inOwnNetwork(t) {
		return
	}
	const device, address, burst = 5, 8, 30
	p := newFolder(t, map[string]string{"config.toml": fmt.Sprintf(strangersAllowed,
		fmt.Sprintf("max_message_rate = %d\nmax_message_rate_per_address = %d\n", device, address))}).run()
	began := time.Now()
	storm := func(host int) (taken int) {
		t.Helper()
		d := from(t, host, p.address("udp"))
		d.ask(connectTo(fmt.Sprint("d-", d.LocalAddr()), 4), connAck)
		b := make([]byte, 100)
		for i := range burst {
			d.say("\x08\x0c\x22ot\x00" + string([]byte{byte(i + 1)}) + "x")
			n, err := d.Read(b)
			if err != nil || n != 7 || b[1] != 0x0d {
				t.Fatalf("got %x, %v", b[:n], err)
			}
			switch mqttsn.ReturnCode(b[6]) {
			case mqttsn.ReturnAccepted:
				taken++
			case mqttsn.ReturnCongestion:
			default:
				t.Errorf("got %x", b[:n])
			}
		}
		return taken
	}
	one, two, other := storm(10), storm(10), storm(11)
	seconds := int(time.Since(began)/time.Second) + 1 // a slow machine takes in more
	t.Logf("%d and %d of one address, %d of another, in %v", one, two, other, time.Since(began))
	switch {
	case one < device || one > device*(1+seconds) || other < device:
		t.Errorf("%d and %d taken of a device", one, other)
	case one+two < address || one+two > address*(1+seconds):
		t.Errorf("%d taken of an address", one+two)
	}
	if n := p.metric("mqttsn_too_fast_total"); n != 3*burst-one-two-other {
		t.Errorf("%d counted", n)
	}
	p.until("max_message_rate is reached")
	p.until("max_message_rate_per_address is reached")
}
