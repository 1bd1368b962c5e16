package interop

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"
)

// mosquitto is Mosquitto's programs with a version of the protocol, by the name
// that they have for it.
type mosquitto string

func (m mosquitto) command(t *testing.T, program string, args ...string) *exec.Cmd {
	t.Helper()
	host, port, err := net.SplitHostPort(server(t).tcp)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.LookPath(program); err != nil {
		t.Fatalf("%v: %s", err, hint)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*patience)
	t.Cleanup(cancel)
	// stdbuf has it write each line at once, also into a pipe.
	return exec.CommandContext(ctx, "stdbuf", append([]string{"-oL", program, "-h", host, "-p", port, "-V", string(m), "-d"}, args...)...)
}

// publish runs mosquitto_pub and returns what it says that it does.
func (m mosquitto) publish(t *testing.T, topic, payload string, qos byte, args ...string) string {
	t.Helper()
	how := "-s"
	if payload == "" {
		how = "-n"
	}
	cmd := m.command(t, "mosquitto_pub", append([]string{"-t", topic, how, "-q", fmt.Sprint(qos)}, args...)...)
	cmd.Stdin = strings.NewReader(payload)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("mosquitto_pub %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// publishLines publishes each line from one connection.
func (m mosquitto) publishLines(t *testing.T, topic, lines string, qos byte, args ...string) string {
	t.Helper()
	cmd := m.command(t, "mosquitto_pub", append([]string{"-t", topic, "-l", "-q", fmt.Sprint(qos)}, args...)...)
	cmd.Stdin = strings.NewReader(lines)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("mosquitto_pub %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// subscribed is what mosquitto_sub says when it has its SUBACK.
const subscribed = "Subscribed (mid"

// subscriber is a mosquitto_sub.
type subscriber struct {
	t          *testing.T
	cmd        *exec.Cmd
	lines      chan string
	subscribed bool
}

// start starts mosquitto_sub. It says what it does (-d); what it receives begins
// with "#".
func (m mosquitto) start(t *testing.T, args ...string) *subscriber {
	t.Helper()
	s := &subscriber{t: t, cmd: m.command(t, "mosquitto_sub", append([]string{"-F", "# %x %j"}, args...)...), lines: make(chan string, 10000)}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.kill)
	go func() {
		defer close(s.lines)
		r := bufio.NewReader(out)
		for {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			s.lines <- strings.TrimSpace(line)
		}
	}()
	return s
}

// subscribe starts it and waits until it has subscribed.
func (m mosquitto) subscribe(t *testing.T, args ...string) *subscriber {
	t.Helper()
	s := m.start(t, args...)
	s.until(subscribed)
	return s
}

func (s *subscriber) until(text string) string {
	s.t.Helper()
	end := timeout()
	for {
		select {
		case line, ok := <-s.lines:
			s.subscribed = s.subscribed || strings.HasPrefix(line, subscribed)
			if strings.Contains(line, text) {
				return line
			}
			if !ok {
				s.t.Fatalf("mosquitto_sub ended without %q", text)
			}
		case <-end:
			s.t.Fatalf("no %q from mosquitto_sub", text)
		}
	}
}

// kill ends it without a DISCONNECT.
func (s *subscriber) kill() {
	_ = s.cmd.Process.Kill() // it may have ended
	_ = s.cmd.Wait()
}

// left waits for the end of one that leaves by itself (-C), and then has read
// all: with a SUBACK unread, its end would be a reset, and with it what it wrote
// last would be lost, so that messages that it had acknowledged come again.
func (s *subscriber) left() {
	s.t.Helper()
	s.until("sending DISCONNECT")
	_ = s.cmd.Wait()
}

// expect checks the next message, and its properties as mosquitto_sub writes
// them.
func (s *subscriber) expect(topic, payload string, qos byte, retain bool, properties string) {
	s.t.Helper()
	written, tail, _ := strings.Cut(strings.TrimPrefix(s.until("# "), "# "), "{")
	octets, err := hex.DecodeString(strings.TrimSpace(written))
	if err != nil {
		s.t.Fatal(err)
	}
	var got struct {
		Topic      string
		QoS        byte
		Retain     int
		Properties map[string]json.RawMessage // as they are written, which tells an order
	}
	if err := json.Unmarshal([]byte("{"+tail), &got); err != nil {
		s.t.Fatalf("%v in {%s", err, tail)
	}
	var want map[string]json.RawMessage
	if properties != "" {
		if err := json.Unmarshal([]byte(properties), &want); err != nil {
			s.t.Fatal(err)
		}
	}
	if got.Topic != topic || string(octets) != payload || got.QoS != qos || (got.Retain == 1) != retain || !reflect.DeepEqual(got.Properties, want) {
		s.t.Errorf("mosquitto_sub got %s %.40q (%d) qos=%d retain=%d %s\nwant %s %.40q (%d) qos=%d retain=%v %s", got.Topic, octets, len(octets),
			got.QoS, got.Retain, got.Properties, topic, payload, len(payload), qos, retain, properties)
	}
}

func (s *subscriber) hears(topic, payload string, qos byte) {
	s.t.Helper()
	s.expect(topic, payload, qos, false, "")
}

func TestMosquitto(t *testing.T) {
	for _, m := range []mosquitto{"mqttv31", "mqttv311", "mqttv5"} {
		t.Run(string(m), func(t *testing.T) {
			t.Parallel()
			for name, scenario := range map[string]func(*testing.T, mosquitto){
				"qos": mosquittoQoS, "wildcards": mosquittoWildcards, "retained": mosquittoRetained,
				"will": mosquittoWill, "session": mosquittoSession, "takeover": mosquittoTakeover,
			} {
				t.Run(name, func(t *testing.T) { scenario(t, m) })
			}
		})
	}
}

func mosquittoQoS(t *testing.T, m mosquitto) {
	for granted := range byte(3) {
		s := m.subscribe(t, "-t", t.Name(), "-q", fmt.Sprint(granted))
		for _, size := range []int{0, 1, 100 << 10} {
			payload := strings.Repeat("0123456789abcdef\n", size/17+1)[:size]
			for sent := range byte(3) {
				m.publish(t, t.Name(), payload, sent)
				s.hears(t.Name(), payload, min(granted, sent))
			}
		}
	}
}

func mosquittoWildcards(t *testing.T, m mosquitto) {
	s := m.subscribe(t, "-t", t.Name()+"/+/x", "-t", t.Name()+"/all/#", "-q", "1", "-U", t.Name()+"/none")
	for _, topic := range []string{"/a/x", "//x", "/all", "/all/a/b"} {
		m.publish(t, t.Name()+topic+"/not", "m", 1)
		m.publish(t, t.Name()+topic, "m", 1)
		if strings.HasPrefix(topic, "/all") {
			s.hears(t.Name()+topic+"/not", "m", 1)
		}
		s.hears(t.Name()+topic, "m", 1)
	}
}

func mosquittoRetained(t *testing.T, m mosquitto) {
	live := m.subscribe(t, "-t", t.Name(), "-q", "2")
	for qos := range byte(3) {
		m.publish(t, t.Name(), "kept", qos, "-r")
		live.hears(t.Name(), "kept", qos)
		m.subscribe(t, "-t", t.Name(), "-q", "2").expect(t.Name(), "kept", qos, true, "")
	}
	m.publish(t, t.Name(), "", 1, "-r")
	live.hears(t.Name(), "", 1)
	late := m.subscribe(t, "-t", t.Name(), "-q", "2")
	m.publish(t, t.Name(), "after", 1)
	late.hears(t.Name(), "after", 1)
}

func mosquittoWill(t *testing.T, m mosquitto) {
	watcher := m.subscribe(t, "-t", t.Name(), "-q", "2")
	for qos := range byte(3) {
		args := []string{"-t", t.Name() + "/other", "--will-topic", t.Name(), "--will-payload", "will", "--will-qos", fmt.Sprint(qos)}
		if qos == 2 {
			args = append(args, "--will-retain")
		}
		m.subscribe(t, append(args, "-E")...).until("sending DISCONNECT")
		m.publish(t, t.Name(), "no will", 1)
		watcher.hears(t.Name(), "no will", 1)
		m.subscribe(t, args...).kill()
		watcher.hears(t.Name(), "will", qos)
	}
	m.subscribe(t, "-t", t.Name(), "-q", "2").expect(t.Name(), "will", 2, true, "")
	m.publish(t, t.Name(), "", 0, "-r")
}

func mosquittoSession(t *testing.T, m mosquitto) {
	const messages = 40
	args := []string{"-t", t.Name(), "-q", "2", "-c", "-i", newID()}
	m.subscribe(t, append(args, "-E")...).until("sending DISCONNECT")
	for round := range byte(2) {
		var lines strings.Builder
		for i := range messages {
			fmt.Fprintln(&lines, round, i)
		}
		m.publishLines(t, t.Name(), lines.String(), 1+round)
		s := m.start(t, append(args, "-C", fmt.Sprint(messages+1))...)
		for i := range messages {
			s.hears(t.Name(), fmt.Sprint(round, " ", i), 1+round)
		}
		if !s.subscribed {
			s.until(subscribed)
		}
		m.publish(t, t.Name(), "last", 1+round)
		s.hears(t.Name(), "last", 1+round)
		s.left()
	}
}

func mosquittoTakeover(t *testing.T, m mosquitto) {
	args := []string{"-t", t.Name(), "-q", "1", "-i", newID()}
	first := m.subscribe(t, args...)
	second := m.start(t, append(args, "-E")...)
	second.until("sending DISCONNECT")
	if m == "mqttv5" {
		first.until("Received DISCONNECT (142)")
		return // it ends
	}
	// It comes back, since it has been cut off.
	first.until("sending CONNECT")
	first.until(subscribed)
	m.publish(t, t.Name(), "m", 1)
	first.hears(t.Name(), "m", 1)
}

// TestMosquittoKeepAlive: it takes no less than 5 seconds.
func TestMosquittoKeepAlive(t *testing.T) {
	t.Parallel()
	var idle []*subscriber
	for _, m := range []mosquitto{"mqttv31", "mqttv311", "mqttv5"} {
		idle = append(idle, m.subscribe(t, "-t", t.Name(), "-k", "5"))
	}
	for _, s := range idle {
		for range 2 { // the second one after 10 seconds; it is dropped after 7.5
			s.until("received PINGRESP")
		}
	}
}

func TestMosquitto5(t *testing.T) {
	t.Parallel()
	m := mosquitto("mqttv5")
	t.Run("properties", func(t *testing.T) {
		s := m.subscribe(t, "-t", t.Name(), "-q", "2", "-D", "subscribe", "subscription-identifier", "300")
		args := []string{"-D", "publish", "user-property", "b", "2", "-D", "publish", "user-property", "a", "1",
			"-D", "publish", "content-type", "text/plain", "-D", "publish", "response-topic", "answer/here", "-D", "publish", "correlation-data", "abc",
			"-D", "publish", "payload-format-indicator", "1"}
		const want = `{"subscription-identifier":300,"user-properties":{"b":"2","a":"1"},"content-type":"text/plain",
			"response-topic":"answer/here","correlation-data":"abc","payload-format-indicator":1}`
		for qos := range byte(3) {
			m.publish(t, t.Name(), "m", qos, args...)
			s.expect(t.Name(), "m", qos, false, want)
		}
		for i, d := range args {
			if d == "publish" {
				args[i] = "will"
			}
		}
		m.subscribe(t, append(args, "-t", t.Name()+"/other", "--will-topic", t.Name(), "--will-payload", "m")...).kill()
		s.expect(t.Name(), "m", 0, false, want)
	})
	t.Run("alias", func(t *testing.T) {
		s := m.subscribe(t, "-t", t.Name(), "-q", "2")
		for qos := range byte(3) {
			out := m.publishLines(t, t.Name(), "one\ntwo\nthree\n", qos, "-D", "publish", "topic-alias", "1")
			if !strings.Contains(out, "'(null)'") { // a PUBLISH without a topic
				t.Fatalf("mosquitto_pub: %s", out)
			}
			for _, payload := range []string{"one", "two", "three"} {
				s.hears(t.Name(), payload, qos)
			}
		}
	})
	t.Run("shared", func(t *testing.T) {
		const messages = 20
		members := []*subscriber{m.subscribe(t, "-t", "$share/g/"+t.Name(), "-q", "1"), m.subscribe(t, "-t", "$share/g/"+t.Name(), "-q", "1")}
		m.publishLines(t, t.Name(), strings.Repeat("m\n", messages), 1)
		var share [2]int
		end := timeout()
		for share[0]+share[1] < messages {
			var line string
			var who int
			select {
			case line = <-members[0].lines:
			case line = <-members[1].lines:
				who = 1
			case <-end:
				t.Fatalf("only %v arrived", share)
			}
			if strings.HasPrefix(line, "# ") {
				share[who]++
			}
		}
		if share[0] == 0 || share[1] == 0 {
			t.Errorf("%v: one has all", share)
		}
	})
	t.Run("requests", func(t *testing.T) {
		// mosquitto_rr asks, MQTT.js answers.
		f := flavour{"node", 5, "tcp"}
		p := f.connect(t, connecting{})
		p.subscribe(t.Name()+"/question", 1)
		cmd := m.command(t, "mosquitto_rr", "-t", t.Name()+"/question", "-e", t.Name()+"/answer", "-q", "1", "-m", "who?", "-F", "# %p")
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		q := p.receive()
		p.send(message{Topic: q.Properties.ResponseTopic, Payload: []byte("me"), QoS: 1, Properties: properties{Correlation: q.Properties.Correlation}})
		if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), "# me\n") {
			t.Errorf("mosquitto_rr: %v\n%s", err, &out)
		}
	})
	t.Run("retain as published", func(t *testing.T) {
		s := m.subscribe(t, "-t", t.Name(), "-q", "1", "--retain-as-published")
		m.publish(t, t.Name(), "kept", 1, "-r")
		s.expect(t.Name(), "kept", 1, true, "")
		m.publish(t, t.Name(), "", 1, "-r")
		s.expect(t.Name(), "", 1, true, "")
	})
	t.Run("codes", func(t *testing.T) {
		if out := m.publish(t, t.Name(), "m", 1); !strings.Contains(out, "received PUBACK (Mid: 1, RC:16)") {
			t.Errorf("publish to nobody: %s", out)
		}
		if out := m.publish(t, t.Name(), "m", 1); !strings.Contains(out, "Client auto-") {
			t.Errorf("no ClientID is assigned: %s", out)
		}
	})
	t.Run("expiry", func(t *testing.T) {
		short, long := newID(), newID()
		leave := func(id, expiry string) {
			m.subscribe(t, "-t", t.Name(), "-q", "1", "-c", "-i", id, "-x", expiry, "-E").until("sending DISCONNECT")
		}
		leave(short, "1")
		leave(long, "100")
		m.publish(t, t.Name(), "one", 1, "-D", "publish", "message-expiry-interval", "1")
		m.publish(t, t.Name(), "two", 1)
		time.Sleep(2 * time.Second) // until they have expired
		for _, id := range []string{short, long} {
			s := m.start(t, "-t", t.Name(), "-q", "1", "-c", "-i", id)
			if id == long {
				s.hears(t.Name(), "two", 1)
			} else {
				s.until(subscribed)
			}
			m.publish(t, t.Name(), "live", 1)
			s.hears(t.Name(), "live", 1)
			s.kill()
		}
	})
}
