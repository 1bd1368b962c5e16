//go:build unix

package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
)

// The main job with clients that others wrote: mosquitto_sub and mosquitto_pub
// on TCP, devices on UDP, the real program in between.

const interopConfig = onePort + `
[mqttsn.predefined]
10 = "pre/ten"
`

// subscriber is a mosquitto_sub that has subscribed.
type subscriber struct {
	t     *testing.T
	lines *bufio.Reader
}

func mosquitto(t *testing.T, program, broker string, args ...string) *exec.Cmd {
	t.Helper()
	host, port, err := net.SplitHostPort(broker)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	// stdbuf has it write each line at once, also into a pipe.
	return exec.CommandContext(ctx, "stdbuf", append([]string{"-oL", program, "-h", host, "-p", port}, args...)...)
}

// subscribe starts mosquitto_sub. It says on its standard output what it does
// (-d), which tells when it has subscribed; what it receives begins with "#".
func subscribe(t *testing.T, broker string, args ...string) *subscriber {
	t.Helper()
	cmd := mosquitto(t, "mosquitto_sub", broker, append([]string{"-d", "-F", "# %t %p %q %r"}, args...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: make test installs mosquitto-clients", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	s := &subscriber{t, bufio.NewReader(out)}
	s.until("Subscribed (mid")
	return s
}

func (s *subscriber) until(text string) string {
	s.t.Helper()
	for {
		line, err := s.lines.ReadString('\n')
		if err != nil {
			s.t.Fatalf("mosquitto_sub ended without %q: %v", text, err)
		}
		if strings.HasPrefix(line, text) {
			return strings.TrimSpace(line)
		}
	}
}

// expect checks the next message: "topic payload qos retained".
func (s *subscriber) expect(want string) {
	s.t.Helper()
	if got := strings.TrimPrefix(s.until("# "), "# "); got != want {
		s.t.Errorf("mosquitto_sub got %q, want %q", got, want)
	}
}

func publish(t *testing.T, broker string, stdin io.Reader, args ...string) {
	t.Helper()
	cmd := mosquitto(t, "mosquitto_pub", broker, args...)
	cmd.Stdin = stdin
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("mosquitto_pub %v: %v\n%s", args, err, out)
	}
}

// dialDevice connects a device that writes what it is sent to a channel.
func dialDevice(t *testing.T, gateway, id string) (*client.Conn, chan string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	d, err := client.Dial(ctx, "udp", gateway, client.Config{ClientID: id, CleanSession: true, KeepAlive: time.Minute, TRetry: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close(context.Background()) })
	return d, make(chan string, 4096)
}

func TestDeviceToProgram(t *testing.T) {
	p := launch(t, nil, "-config", file(t, interopConfig))
	p.until("ready")
	sub := subscribe(t, p.address("tcp"), "-t", "#", "-q", "2")
	d, _ := dialDevice(t, p.address("udp"), "device")
	ctx := context.Background()
	for _, topic := range []struct {
		client.Topic
		name string
	}{{client.Named("a/name"), "a/name"}, {client.Predefined(10), "pre/ten"}, {client.Short("tt"), "tt"}} {
		for _, qos := range []mqttsn.QoS{mqttsn.QoS0, mqttsn.QoS1, mqttsn.QoS2, mqttsn.QoSMinusOne} {
			if qos == mqttsn.QoSMinusOne && topic.Type == mqttsn.TopicNormal {
				continue
			}
			payload := fmt.Sprintf("%s-%v", topic.name, qos)
			if qos == mqttsn.QoSMinusOne {
				nc, err := net.Dial("udp", p.address("udp"))
				if err != nil {
					t.Fatal(err)
				}
				if err := client.PublishMinusOne(nc, topic.Topic, []byte(payload), false); err != nil {
					t.Fatal(err)
				}
				nc.Close()
				sub.expect(fmt.Sprintf("%s %s 0 0", topic.name, payload))
				continue
			}
			if err := d.Publish(ctx, topic.Topic, []byte(payload), qos, false); err != nil {
				t.Fatal(err)
			}
			sub.expect(fmt.Sprintf("%s %s %v 0", topic.name, payload, qos))
		}
	}
	// Retained, and an empty payload.
	if err := d.Publish(ctx, client.Named("kept"), []byte("value"), mqttsn.QoS1, true); err != nil {
		t.Fatal(err)
	}
	sub.expect("kept value 1 0")
	subscribe(t, p.address("tcp"), "-t", "kept", "-q", "1").expect("kept value 1 1")
	if err := d.Publish(ctx, client.Named("empty"), nil, mqttsn.QoS1, false); err != nil {
		t.Fatal(err)
	}
	sub.expect("empty  1 0")
}

func TestProgramToDevice(t *testing.T) {
	p := launch(t, nil, "-config", file(t, interopConfig))
	p.until("ready")
	tcp := p.address("tcp")
	publish(t, tcp, nil, "-t", "kept/1", "-m", "retained", "-q", "1", "-r")
	d, got := dialDevice(t, p.address("udp"), "device")
	ctx := context.Background()
	note := func(m *client.Message) {
		got <- fmt.Sprintf("%v %s %v %v", m.Topic, m.Payload, m.QoS, m.Retain)
	}
	for _, topic := range []client.Topic{client.Named("down/name"), client.Named("wild/#"), client.Named("kept/+"), client.Predefined(10), client.Short("tt")} {
		if granted, err := d.Subscribe(ctx, topic, mqttsn.QoS2, note); err != nil || granted != mqttsn.QoS2 {
			t.Fatalf("%v: granted %v, %v", topic, granted, err)
		}
	}
	expect := func(want string) {
		t.Helper()
		select {
		case s := <-got:
			if s != want {
				t.Errorf("the device got %q, want %q", s, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("the device did not get %q", want)
		}
	}
	expect("kept/1 retained 1 true")
	for _, topic := range []string{"down/name", "wild/a/b", "pre/ten", "tt"} {
		for _, qos := range []string{"0", "1", "2"} {
			for _, version := range []string{"311", "5"} {
				publish(t, tcp, nil, "-t", topic, "-m", "x"+qos, "-q", qos, "-V", version)
				name := topic
				if topic == "pre/ten" {
					name = client.Predefined(10).String()
				} else if topic == "tt" {
					name = client.Short("tt").String()
				}
				expect(fmt.Sprintf("%s x%s %s false", name, qos, qos))
			}
		}
	}
}

// A device asleep for three cycles gets 2,000 messages in order, each once.
func TestProgramToSleeper(t *testing.T) {
	const messages, cycles = 2000, 3
	p := launch(t, nil, "-config", file(t, interopConfig))
	p.until("ready")
	d, got := dialDevice(t, p.address("udp"), "sleeper")
	ctx := context.Background()
	if _, err := d.Subscribe(ctx, client.Named("night/#"), mqttsn.QoS1, func(m *client.Message) { got <- string(m.Payload) }); err != nil {
		t.Fatal(err)
	}
	next := 0
	for cycle := range cycles {
		if err := d.Sleep(ctx, time.Hour); err != nil {
			t.Fatal(err)
		}
		var lines strings.Builder
		for i := messages * cycle / cycles; i < messages*(cycle+1)/cycles; i++ {
			fmt.Fprintln(&lines, i)
		}
		publish(t, p.address("tcp"), strings.NewReader(lines.String()), "-t", "night/news", "-l", "-q", "1")
		if n := len(got); n != 0 {
			t.Fatalf("%d messages reached a sleeping device", n)
		}
		if err := d.Wake(ctx); err != nil {
			t.Fatal(err)
		}
		for ; len(got) > 0; next++ {
			if s := <-got; s != fmt.Sprint(next) {
				t.Fatalf("message %d is %q", next, s)
			}
		}
	}
	if next != messages {
		t.Errorf("%d of %d messages arrived", next, messages)
	}
}
