package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"time"

	"snbroker/mqttsn"
	sn "snbroker/mqttsn/client"
)

// device is an MQTT-SN device: the package mqttsn/client on a socket of its own.
// It outlives crashes, as a device does that hears nothing of them. One
// goroutine, live, owns it.
type device struct {
	w       *world
	id      string
	habit   habit
	r       *rand.Rand
	streams []outlet
	hears   *audience
	topics  []sn.Topic // that it subscribes to

	client   *sn.Client
	socket   *net.UDPConn
	gateway  *net.UDPAddr
	asked    int // subscriptions
	granted  int
	connects int
	sending  map[sn.Token]outgoing
	away     time.Time // it has left until then
	life     int       // the program's, that it first sent CONNECT to
	done     bool
	pinged   bool
	trace    *trace
}

// habit is how a device spends its time.
type habit uint8

const (
	staying   habit = iota // active, leaves now and then
	sleeping               // falls asleep once, and wakes by PINGREQ alone
	commuting              // sleeps, wakes, connects to publish, sleeps again
	vanishing              // connects and is never heard of again
	parting                // connects and leaves
)

// outlet is a stream and how the device names its topic.
type outlet struct {
	stream *stream
	topic  sn.Topic
}

type outgoing struct {
	stream *stream
	n      int
}

func (w *world) device(id string, habit habit, hears *audience, topics ...sn.Topic) *device {
	return &device{w: w, id: id, habit: habit, r: w.rand(id), hears: hears, topics: topics, sending: make(map[sn.Token]outgoing), trace: w.trace(id)}
}

// config is what kind of device it is.
func (d *device) config() sn.Config {
	c := sn.Config{ClientID: d.id, KeepAlive: 10 * time.Minute, TRetry: 300 * time.Millisecond, NRetry: 20, TWait: 200 * time.Millisecond,
		Will: &sn.Will{Topic: "will/" + d.id, Message: []byte("0"), QoS: mqttsn.QoS1}}
	switch d.habit {
	case commuting:
		c.Will = nil
	case vanishing, parting:
		c.KeepAlive = 2 * time.Second
		c.CleanSession = d.r.IntN(2) == 0
	}
	if d.id == predefinedReader {
		c.Predefined = map[mqttsn.TopicID]string{8: predefinedIn}
	}
	return c
}

// live is the device's loop: datagrams, deadlines, and what it does by itself.
func (d *device) live(ctx context.Context) {
	d.client = sn.New(d.config(), d)
	if d.habit == vanishing || d.habit == parting {
		d.away = time.Now().Add(time.Duration(d.r.IntN(1000)) * time.Millisecond)
	}
	d.gateway = net.UDPAddrFromAddrPort(netip.MustParseAddrPort(d.w.program.server()))
	if !d.move() {
		return
	}
	defer func() { d.socket.Close() }()
	buf := make([]byte, mqttsn.MaxLength)
	for act := time.Now(); ctx.Err() == nil && !d.done; {
		now := time.Now()
		if !now.Before(act) {
			act = now.Add(time.Duration(1+d.r.IntN(20)) * time.Millisecond)
			d.act(now)
		}
		deadline := act
		if next := d.client.Next(); !next.IsZero() && next.Before(act) {
			deadline = next
		}
		d.socket.SetReadDeadline(deadline)
		n, err := d.socket.Read(buf)
		if now = time.Now(); err == nil {
			d.trace.note("got  %s", mqttsn.Describe(buf[:n]))
			d.client.Receive(now, buf[:n])
		} else if !errors.Is(err, os.ErrDeadlineExceeded) {
			d.w.broken(d.id, "its socket", err.Error())
			return
		}
		if next := d.client.Next(); !next.IsZero() && !now.Before(next) {
			d.client.Advance(now)
		}
	}
}

// move gives the device a new port, as NAT does. The socket is not connected: a
// program that is down must look to it like one that is silent.
func (d *device) move() bool {
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		d.w.broken(d.id, "its socket", err.Error())
		return false
	}
	if d.socket != nil {
		d.socket.Close()
	}
	d.socket = socket
	return true
}

// Send implements client.Output.
func (d *device) Send(datagram []byte) {
	if t, ok := mqttsn.PeekType(datagram); ok && t == mqttsn.TypeConnect {
		if d.connects++; d.connects == 1 {
			d.life = d.w.alive()
		}
	}
	d.trace.note("sent %s", mqttsn.Describe(datagram))
	d.socket.WriteToUDP(datagram, d.gateway) // what is lost is sent again
}

// Handle implements client.Output.
func (d *device) Handle(e sn.Event) {
	w := d.w
	switch e := e.(type) {
	case *sn.Connected:
		d.connected()
	case *sn.Refused:
		w.broken(d.id, "CONNECT", fmt.Sprintf("it is accepted, not answered by %v", e.ReturnCode))
	case *sn.Disconnected:
		d.disconnected(e)
	case *sn.FellAsleep:
		if d.hears != nil {
			d.hears.subscribed()
		}
	case *sn.Subscribed:
		if e.ReturnCode != mqttsn.ReturnAccepted || byte(e.Granted) != d.hears.granted {
			w.broken(d.id, "SUBSCRIBE", fmt.Sprintf("it is granted, not answered by %v, QoS %v", e.ReturnCode, e.Granted))
		}
		if d.granted++; d.granted == len(d.topics) && d.habit == staying {
			d.hears.subscribed()
		}
	case *sn.Published:
		if m, ok := d.sending[e.Token]; ok {
			delete(d.sending, e.Token)
			if e.ReturnCode != mqttsn.ReturnAccepted || e.Uncertain {
				w.broken(d.id, fmt.Sprintf("message %d of %s", m.n, m.stream.topic), fmt.Sprintf("PUBLISH is accepted, not answered by %v", e.ReturnCode))
			}
			w.acknowledged(m.stream, m.n)
		}
	case *sn.Message:
		topic := e.Topic.Name
		d.hears.arrived(arrival{topic, e.Payload, byte(e.QoS), e.Retain})
	case *sn.AwakeEnded:
		if e.Complete {
			w.mu.Lock()
			w.counts.wakes++
			w.mu.Unlock()
		}
	}
}

// connected notes what becomes of its will: a device that comes back, or sleeps,
// is not lost, whatever happens to the program.
func (d *device) connected() {
	key := willKey(d.id, 0)
	if d.habit == vanishing {
		d.w.lost(key)
		d.done = true
		return
	}
	switch d.habit {
	case parting:
		d.client.Disconnect(time.Now())
	case staying, sleeping:
		d.w.leftSurely(key)
	}
	d.away = time.Time{}
}

func (d *device) disconnected(e *sn.Disconnected) {
	switch {
	case e.Reason == sn.ReasonNoAnswer && (e.Request == mqttsn.TypeWillTopic || e.Request == mqttsn.TypeWillMsg):
		// The program was killed in the dialogue, and its DISCONNECT may be one
		// of before: the device connects anew only now.
	case e.Reason == sn.ReasonNoAnswer && e.Request == mqttsn.TypeDisconnect && d.habit != parting:
		// The program was killed before it knew that the device sleeps, and tells
		// no stranger that it may: the device connects anew.
	case e.Reason == sn.ReasonNoAnswer:
		d.w.broken(d.id, e.Request.String(), fmt.Sprintf("it is answered, not silence for %v", e.Waited))
	case e.Reason == sn.ReasonRequested && d.habit == parting:
		// To a restarted program it was a stranger, and is told the same.
		if d.life != 0 && d.life == d.w.alive() {
			d.w.leftSurely(willKey(d.id, 0))
		}
		d.done = true
	case e.Reason == sn.ReasonRequested:
	case d.habit == sleeping:
		d.w.broken(d.id, "its session", "a sleeper need not connect anew")
	}
}

// act does what the device does of its own accord.
func (d *device) act(now time.Time) {
	loading := d.w.isLoading() && !d.w.isFinishing()
	var err error
	switch c := d.client; c.State() {
	case sn.StateDisconnected:
		if now.Before(d.away) && !d.w.isFinishing() {
			return
		}
		err = c.Connect(now)
	case sn.StateActive:
		err = d.active(now, loading)
	case sn.StateAsleep:
		switch {
		case d.habit == commuting && (c.Queued() > 0 || loading && d.r.IntN(40) == 0):
			err = c.Connect(now)
		case d.r.IntN(8) == 0:
			if d.r.IntN(8) == 0 && !d.move() {
				return
			}
			err = c.Wake(now)
		}
	}
	if err != nil && !errors.Is(err, sn.ErrState) {
		d.w.broken(d.id, "its client", err.Error())
	}
}

func (d *device) active(now time.Time, loading bool) error {
	c := d.client
	if d.asked < len(d.topics) {
		d.asked++
		_, err := c.Subscribe(now, d.topics[d.asked-1], mqttsn.QoS(d.hears.granted))
		return err
	}
	if d.granted < len(d.topics) {
		return nil
	}
	switch {
	case d.habit == sleeping, d.habit == commuting && (!d.hears.ready || d.r.IntN(10) == 0):
		return c.Sleep(now, time.Hour)
	case d.w.isFinishing() && !d.pinged:
		d.pinged = true // or one with nothing to say would not hear of the last restart
		_, err := c.Ping(now)
		return err
	case !loading || len(d.streams) == 0:
		return nil
	case d.r.IntN(150) == 0:
		d.away = now.Add(time.Duration(d.r.IntN(500)) * time.Millisecond)
		c.Disconnect(now)
		return nil
	}
	for range d.r.IntN(3) {
		if c.Queued() >= 4 {
			break
		}
		o := d.streams[d.r.IntN(len(d.streams))]
		n := d.w.begin(o.stream)
		token, err := c.Publish(now, o.topic, o.stream.payload(n), mqttsn.QoS(o.stream.qos(n)), o.stream.kept)
		if err != nil {
			return err
		}
		d.sending[token] = outgoing{o.stream, n}
	}
	return nil
}
