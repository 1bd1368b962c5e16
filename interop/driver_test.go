package interop

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// A driver is a program that does with somebody's client what it is asked for:
// python.py, node.js and paho. It reads requests, one line of JSON each, and
// writes answers, with the request's id, and events, with the client's name.
type driver struct {
	name   string
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stderr bytes.Buffer
	ended  chan struct{}

	mu      sync.Mutex
	next    int
	waiting map[int]chan answer
	peers   map[string]*peer
}

type request struct {
	ID     int    `json:"id"`
	Do     string `json:"do"`
	Client string `json:"client"`

	connecting
	Message *message `json:"message,omitempty"`
	subscription
}

type connecting struct {
	URL       string   `json:"url"`
	Version   int      `json:"version"` // 3 is MQTT 3.1, 4 is 3.1.1
	ClientID  string   `json:"clientID"`
	Clean     bool     `json:"clean"`
	KeepAlive int      `json:"keepAlive"` // seconds
	Expiry    uint32   `json:"expiry"`    // seconds
	Will      *message `json:"will,omitempty"`
}

type subscription struct {
	Filter            string `json:"filter"`
	QoS               byte   `json:"qos"`
	NoLocal           bool   `json:"noLocal"`
	RetainAsPublished bool   `json:"retainAsPublished"`
	RetainHandling    byte   `json:"retainHandling"`
	Subscription      int    `json:"subscription"` // its identifier
}

type message struct {
	Topic      string     `json:"topic"`
	Payload    []byte     `json:"payload"`
	QoS        byte       `json:"qos"`
	Retain     bool       `json:"retain"`
	Properties properties `json:"properties"`
}

type properties struct {
	User          [][2]string `json:"user"`
	ContentType   string      `json:"contentType"`
	ResponseTopic string      `json:"responseTopic"`
	Correlation   []byte      `json:"correlation"`
	Expiry        uint32      `json:"expiry"`
	Alias         uint16      `json:"alias"`
	Subscriptions []int       `json:"subscriptions"`
}

func (m message) String() string {
	payload := fmt.Sprintf("%q", m.Payload)
	if n := len(m.Payload); n > 100 {
		payload = fmt.Sprintf("%q... of %d", m.Payload[:20], n)
	}
	return fmt.Sprintf("%s %s qos=%d retain=%v %+v", m.Topic, payload, m.QoS, m.Retain, m.Properties)
}

// is tells whether got is the message m. What m has an expiry of it must have
// left some of.
func (m message) is(got message) bool {
	if want := m.Properties.Expiry; want > 0 && 0 < got.Properties.Expiry && got.Properties.Expiry <= want {
		got.Properties.Expiry = want
	}
	return m.String() == got.String() && bytes.Equal(m.Payload, got.Payload)
}

type answer struct {
	Error    string `json:"error"`
	Code     int    `json:"code"`
	Session  bool   `json:"session"`  // there was one
	Assigned string `json:"assigned"` // the ClientID
}

// unknown is a reason code that a client does not tell.
const unknown = -1

// event is a message that arrived, or the end of a connection with its code.
type event struct {
	Message *message `json:"message"`
	Closed  *int     `json:"closed"`
}

func startDriver(name string) (*driver, error) {
	d := &driver{name: name, ended: make(chan struct{}), waiting: make(map[int]chan answer), peers: make(map[string]*peer)}
	switch name {
	case "python":
		d.cmd = exec.Command("/usr/bin/python3", "python.py")
	case "node":
		d.cmd = exec.Command("node", "node.js")
		cache := os.Getenv("XDG_CACHE_HOME")
		if cache == "" {
			cache = filepath.Join(os.Getenv("HOME"), ".cache")
		}
		d.cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(cache, "snbroker-test", "node", "node_modules"))
	case "paho3", "paho5":
		path, err := builtPaho()
		if err != nil {
			return nil, err
		}
		d.cmd = exec.Command(path, name[len("paho"):])
	}
	var err error
	if d.stdin, err = d.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := d.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	d.cmd.Stderr = &d.stderr
	if err := d.cmd.Start(); err != nil {
		return nil, fmt.Errorf("%v: %s", err, hint)
	}
	go d.read(stdout)
	return d, nil
}

var builtPaho = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "paho")
	if err := build("paho", path, "."); err != nil {
		return "", fmt.Errorf("%s: %v", hint, err)
	}
	return path, nil
})

// read takes in what the driver writes, to its end.
func (d *driver) read(stdout io.Reader) {
	lines := bufio.NewReader(stdout)
	for {
		text, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var line struct {
			answer
			event
			ID     int    `json:"id"`
			Client string `json:"client"`
		}
		if err := json.Unmarshal(text, &line); err != nil {
			line.Error = fmt.Sprintf("%v in %q", err, text)
		}
		d.mu.Lock()
		if p := d.peers[line.Client]; p != nil {
			p.events <- line.event
		} else if ch := d.waiting[line.ID]; ch != nil {
			delete(d.waiting, line.ID)
			ch <- line.answer
		}
		d.mu.Unlock()
	}
	_ = d.cmd.Wait() // what it wrote tells
	close(d.ended)
}

// ask has the driver do something and waits for the answer.
func (d *driver) ask(r request) (answer, error) {
	ch := make(chan answer, 1)
	d.mu.Lock()
	d.next++
	r.ID = d.next
	d.waiting[r.ID] = ch
	line, err := json.Marshal(r)
	if err == nil {
		_, err = d.stdin.Write(append(line, '\n'))
	}
	d.mu.Unlock()
	if err != nil {
		<-d.ended
		return answer{}, fmt.Errorf("%s ended: %s\n%s", d.name, hint, &d.stderr)
	}
	select {
	case a := <-ch:
		if a.Error != "" {
			return a, errors.New(a.Error)
		}
		return a, nil
	case <-d.ended:
		return answer{}, fmt.Errorf("%s ended: %s\n%s", d.name, hint, &d.stderr)
	case <-timeout():
		return answer{}, fmt.Errorf("%s does not answer", d.name)
	}
}

func (d *driver) kill() {
	_ = d.cmd.Process.Kill() // it may have ended
	<-d.ended
}

// drivers are the ones that all tests share.
var drivers = func() map[string]func() (*driver, error) {
	all := make(map[string]func() (*driver, error))
	for _, name := range []string{"python", "node", "paho3", "paho5"} {
		all[name] = sync.OnceValues(func() (*driver, error) {
			d, err := startDriver(name)
			if err == nil {
				started.Lock()
				started.all = append(started.all, d)
				started.Unlock()
			}
			return d, err
		})
	}
	return all
}()

var started struct {
	sync.Mutex
	all []*driver
}

func endDrivers() {
	for _, d := range started.all {
		d.kill()
	}
}

func shared(t *testing.T, name string) *driver {
	t.Helper()
	d, err := drivers[name]()
	if err != nil {
		t.Fatal(err)
	}
	return d
}
