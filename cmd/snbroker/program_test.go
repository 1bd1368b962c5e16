//go:build unix

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// built is where binary is; "" if no test has asked for it.
var built string

// binary is the program as users run it, built once.
var binary = sync.OnceValues(func() (path string, err error) {
	if built, err = os.MkdirTemp("", "snbroker-test"); err != nil {
		return "", err
	}
	path = filepath.Join(built, "snbroker")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		err = errors.New(string(out))
	}
	return path, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		os.RemoveAll(built)
	}
	os.Exit(code)
}

// process is a running program and its log.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Reader
	log   strings.Builder
}

func launch(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.Command(path, args...)}
	p.cmd.Dir = t.TempDir() // where the data goes
	p.cmd.Env = append(os.Environ(), env...)
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.lines = bufio.NewReader(stderr)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	giveUp := time.AfterFunc(30*time.Second, func() { _ = p.cmd.Process.Kill() })
	t.Cleanup(func() {
		giveUp.Stop()
		_ = p.cmd.Process.Kill()
		if t.Failed() {
			t.Logf("the log:\n%s", p.log.String())
		}
	})
	return p
}

// until reads the log to a line with text in it.
func (p *process) until(text string) string {
	p.t.Helper()
	for {
		line, err := p.lines.ReadString('\n')
		p.log.WriteString(line)
		if strings.Contains(line, text) {
			return line
		}
		if err != nil {
			p.t.Fatalf("no %q in the log: %v", text, err)
		}
	}
}

func (p *process) signal(s os.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// end reads the rest of the log and returns the exit code.
func (p *process) end() int {
	rest, _ := io.ReadAll(p.lines)
	p.log.Write(rest)
	_ = p.cmd.Wait() // the code tells
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) mustSay(texts ...string) {
	p.t.Helper()
	for _, text := range texts {
		if !strings.Contains(p.log.String(), text) {
			p.t.Errorf("the log does not say %s", text)
		}
	}
}

// address finds what the program listens on in its log.
func (p *process) address(network string) string {
	p.t.Helper()
	m := regexp.MustCompile(`on="` + network + ` ([^"]+)"`).FindStringSubmatch(p.log.String())
	if m == nil {
		p.t.Fatalf("nothing listens on %s", network)
	}
	return m[1]
}

func TestRunAndTerminate(t *testing.T) {
	for _, sig := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		p := launch(t, nil, "-config", file(t, onePort))
		p.until("msg=ready")
		client := dial(t, "tcp", p.address("tcp"))
		client.ask(mqttConnect, mqttConnack)
		client.ask(mqttSubscribe, mqttSuback)
		device := dial(t, "udp", p.address("udp"))
		device.ask(snConnect, snConnack)
		device.say(snPublish("hello"))
		client.hear(mqttPublish("hello"))
		p.signal(sig)
		device.hear(snDisconnect)
		client.ends()
		if code := p.end(); code != exitOK {
			t.Errorf("%v: exit code %d", sig, code)
		}
		p.mustSay(`level=INFO msg="listening for MQTT clients"`, `level=INFO msg="listening for MQTT-SN devices"`,
			`level=INFO msg=ending signal=`, `level=INFO msg=ended`)
		if strings.Contains(p.log.String(), "try it") {
			t.Error("it talks to a terminal that is not there")
		}
	}
}

func TestReload(t *testing.T) {
	path := file(t, onePort+"[log]\nlevel = \"info\"\n")
	p := launch(t, nil, "-config", path)
	p.until("msg=ready")

	rewrite(t, path, onePort+"[log]\nlevel = \"loud\"\n")
	p.signal(syscall.SIGHUP)
	if line := p.until("not reloaded"); !strings.Contains(line, ":6: log.level") {
		t.Errorf("it does not say why: %s", line)
	}
	rewrite(t, path, onePort+"[log]\nlevel = \"debug\"\n[mqttsn]\nn_retry = 5\npredefined.7 = \"seven\"\n[mqtt]\nsys_interval = \"20s\"\n[limits]\nmax_topic_length = 5\nsession_expiry = \"1d\"\n")
	p.signal(syscall.SIGHUP)
	if line := p.until("need a restart"); !strings.Contains(line, `changes=mqtt.sys_interval`) {
		t.Errorf("it does not say what: %s", line)
	}
	dial(t, "tcp", p.address("tcp")).ask(mqttConnect, mqttConnack)
	p.until("level=DEBUG") // the new level
	client, device := dial(t, "tcp", p.address("tcp")), dial(t, "udp", p.address("udp"))
	client.ask(mqttConnect, mqttConnack)
	client.ask("\x82\x0a\x00\x01\x00\x05seven\x00", mqttSuback)
	device.say("\x08\x0c\x61\x00\x07\x00\x00x") // to the predefined id 7, at QoS -1
	client.hear("\x30\x08\x00\x05sevenx")
	client.ask("\x82\x0b\x00\x02\x00\x06longer\x00", "\x90\x03\x00\x02\x80")
	rewrite(t, path, onePort+"[log]\nlevel = \"info\"\n")
	p.signal(syscall.SIGHUP)
	p.until("msg=reloaded")
	p.signal(syscall.SIGTERM)
	if code := p.end(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

func TestPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	at := taken.Addr().String()
	p := launch(t, nil, "-config", file(t, "mqttsn.listener = []\n[[mqtt.listener]]\naddress = \""+at+"\"\n"))
	if code := p.end(); code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	p.mustSay("snbroker: listen tcp " + at + ": address already in use: another broker or gateway has this port (mosquitto?); stop it, or set address in [[mqtt.listener]]")
}

func TestPprof(t *testing.T) {
	p := launch(t, []string{"SNBROKER_PPROF=127.0.0.1:0"}, "-config", file(t, onePort))
	line := p.until("serving profiles")
	url := regexp.MustCompile(`url=(\S+)`).FindStringSubmatch(line)[1]
	p.until("msg=ready")
	r, err := http.Get(url + "goroutine?debug=1")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if b, err := io.ReadAll(r.Body); err != nil || !strings.Contains(string(b), "net/http/pprof.") {
		t.Errorf("got %v, %.200s", err, b)
	}
	p.signal(syscall.SIGTERM)
	if code := p.end(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
}

// The journal is known by its file, not by the variable alone.
func TestJournal(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "journal"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	at := info.Sys().(*syscall.Stat_t)
	stream := fmt.Sprintf("%d:%d", at.Dev, at.Ino)
	if !isJournal(f, stream) || isJournal(os.Stderr, stream) || isJournal(f, "") {
		t.Errorf("%s: %v, %v, %v", stream, isJournal(f, stream), isJournal(os.Stderr, stream), isJournal(f, ""))
	}
}

// A second signal ends a program that is still ending.
func TestSecondSignal(t *testing.T) {
	s, err := start(configured(t, anyPort), quietly)
	if err != nil {
		t.Fatal(err)
	}
	busy, exited, ended := make(chan struct{}), make(chan int), make(chan error)
	s.run(func() error { <-busy; return nil })
	p := &program{log: quietly, exit: func(code int) { exited <- code }}
	in := signals{end: make(chan os.Signal, 2)}
	in.end <- os.Interrupt
	in.end <- os.Interrupt
	go func() { ended <- p.until(in, s) }()
	if code := <-exited; code != exitFailed {
		t.Errorf("exit code %d", code)
	}
	close(busy)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
