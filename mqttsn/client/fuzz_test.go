package client

import (
	"testing"
	"time"

	"snbroker/mqttsn"
)

// discard is an owner that acts on what it is told, to get into every state.
type discard struct{ c *Client }

func (d *discard) Send([]byte) {}
func (d *discard) Handle(e Event) {
	if _, ok := e.(*Disconnected); ok {
		d.c.Connect(time.Unix(2000, 0))
	}
}

// FuzzReceive plays a script of owner's calls and datagrams: each begins with
// an octet, of which 0 to 199 is a datagram's length and above are calls.
func FuzzReceive(f *testing.F) {
	f.Add(unspaced("CD 03 03 05 00 C9 07 07 0B 00 01 00 01 00 07 07 0D 00 01 00 02 00"))
	f.Add(unspaced("CD 02 02 06 02 02 08 03 03 05 00 CB 02 02 18 CC 02 02 17"))
	f.Add(unspaced("CD 03 03 05 00 CA 08 08 13 00 00 00 00 01 00 09 09 0A 00 05 01 02 73 2F 31 08 08 0C 40 00 05 00 01 78 04 04 10 00 01"))
	f.Add(unspaced("CD 03 03 05 00 CE 03 03 1B 00 03 03 1D 00 C8 D0 D1 CF"))
	f.Fuzz(func(t *testing.T, script []byte) {
		d := new(discard)
		d.c = New(Config{
			ClientID: "c1", KeepAlive: time.Minute, MaxTopics: 3, QueueSize: 4,
			Will: &Will{Topic: "w", Message: []byte("m")},
		}, d)
		now := time.Unix(1000, 0)
		for len(script) > 0 {
			op := script[0]
			script = script[1:]
			switch op {
			case 200:
				now = now.Add(10 * time.Second)
				d.c.Advance(now)
			case 201:
				d.c.Publish(now, Named("a/b"), []byte("x"), mqttsn.QoS1, false)
			case 202:
				d.c.Subscribe(now, Named("s/#"), mqttsn.QoS2)
			case 203:
				d.c.Sleep(now, time.Minute)
			case 204:
				d.c.Wake(now)
			case 205:
				d.c.Connect(now)
			case 206:
				d.c.UpdateWill(now, &Will{Topic: "v"})
			case 207:
				d.c.Disconnect(now)
			case 208:
				d.c.Ping(now)
			case 209:
				d.c.Publish(now, Predefined(1), []byte("x"), mqttsn.QoS2, false)
			case 210:
				d.c.Unsubscribe(now, Named("s/#"))
			case 211:
				d.c.Register(now, "c")
			case 212:
				d.c.Cancel(d.c.token)
			default:
				n := min(int(op), len(script))
				d.c.Receive(now, script[:n])
				script = script[n:]
			}
			// What is outstanding of the queue has a head to be about.
			if d.c.pending.step >= stepRegister && len(d.c.queue) == 0 {
				t.Fatal("outstanding request without a queue")
			}
			if len(d.c.topics) > 3 || len(d.c.queue) > 4 || len(d.c.inbound) > MaxInbound {
				t.Fatal("unbounded")
			}
			if d.c.state == StateConnecting && d.c.Next().IsZero() {
				t.Fatal("stuck")
			}
		}
	})
}
