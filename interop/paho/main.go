// Program paho does with Paho's Go clients what the tests in the folder above
// ask for: "paho 5" with paho.golang, "paho 3" with paho.mqtt.golang. It is a
// module of its own so that they are not among the dependencies of snbroker.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

const patience = 20 * time.Second

// unknown is the reason code where the client does not tell one.
const unknown = -1

// request is a line from the test.
type request struct {
	ID     int    `json:"id"`
	Do     string `json:"do"`
	Client string `json:"client"`

	URL       string   `json:"url"`
	Version   uint     `json:"version"`
	ClientID  string   `json:"clientID"`
	Clean     bool     `json:"clean"`
	KeepAlive uint16   `json:"keepAlive"`
	Expiry    uint32   `json:"expiry"`
	Will      *message `json:"will"`

	Message *message `json:"message"`

	Filter            string `json:"filter"`
	QoS               byte   `json:"qos"`
	NoLocal           bool   `json:"noLocal"`
	RetainAsPublished bool   `json:"retainAsPublished"`
	RetainHandling    byte   `json:"retainHandling"`
	Subscription      int    `json:"subscription"`
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

// answer is what a request is answered with.
type answer struct {
	ID       int    `json:"id"`
	Error    string `json:"error,omitempty"`
	Code     int    `json:"code"`
	Session  bool   `json:"session"`
	Assigned string `json:"assigned"`
}

// event is a message that arrived, or the end of a connection.
type event struct {
	Client  string   `json:"client"`
	Message *message `json:"message,omitempty"`
	Closed  *int     `json:"closed,omitempty"`
}

var output struct {
	sync.Mutex
	*json.Encoder
}

func say(line any) {
	output.Lock()
	defer output.Unlock()
	_ = output.Encode(line) // whoever asked has gone
}

// peer is a client of either kind.
type peer interface {
	connect(request) (answer, error)
	subscribe(request) (int, error)
	unsubscribe(request) (int, error)
	publish(message) (int, error)
	disconnect() error
	conn() net.Conn
}

// work does what one client is asked for, in order.
func work(p peer, requests <-chan request) {
	for r := range requests {
		var a answer
		var err error
		switch r.Do {
		case "connect":
			a, err = p.connect(r)
		case "subscribe":
			a.Code, err = p.subscribe(r)
		case "unsubscribe":
			a.Code, err = p.unsubscribe(r)
		case "publish":
			a.Code, err = p.publish(*r.Message)
		case "disconnect":
			err = p.disconnect()
		case "drop":
			err = p.conn().Close()
		default:
			err = fmt.Errorf("%q is unknown", r.Do)
		}
		if a.ID = r.ID; err != nil {
			a.Error = err.Error()
		}
		say(a)
	}
}

// dial connects over TCP or WebSocket.
func dial(address string) (net.Conn, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if u.Scheme == "ws" {
		return mqtt.NewWebsocket(address, nil, patience, nil, nil)
	}
	return net.DialTimeout("tcp", u.Host, patience)
}

func main() {
	output.Encoder = json.NewEncoder(os.Stdout)
	if len(os.Args) != 2 || os.Args[1] != "3" && os.Args[1] != "5" {
		fmt.Fprintln(os.Stderr, "usage: paho 3 | paho 5")
		os.Exit(2)
	}
	peers := make(map[string]chan request)
	lines := bufio.NewReader(os.Stdin)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var r request
		if err := json.Unmarshal(line, &r); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if r.Do == "connect" {
			peers[r.Client] = make(chan request, 100)
			var p peer = &v3{name: r.Client}
			if os.Args[1] == "5" {
				p = &v5{name: r.Client}
			}
			go work(p, peers[r.Client])
		}
		peers[r.Client] <- r
	}
}
