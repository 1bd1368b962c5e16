package crash

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"time"

	"snbroker/internal/mqtt"
)

// client is a MQTT client with a session that lasts. It sends a message until it
// is acknowledged, and remembers QoS 2 identifiers, over any number of
// connections. One goroutine, live, owns it.
type client struct {
	w       *world
	id      string
	version mqtt.Version
	r       *rand.Rand
	streams []*stream // that it publishes
	hears   *audience // nil: none
	rests   bool      // it is more often away than there
	clean   bool      // it has a new session, which ends with the connection
	stays   int       // connections, before it ends its session; 0: for ever

	// What outlives a connection.
	lastID uint16
	under  []*sending      // not finished, in their order
	have   map[uint16]bool // QoS 2 identifiers between PUBLISH and PUBREL
	known  bool            // the program has said that it has the session
	found  bool            // the program had one at the last CONNECT
	number int             // of connections

	// The connection.
	nc      net.Conn
	life    int // the program's, that it was made in
	decoder mqtt.Decoder
	in, out []byte
	trace   *trace
}

// sending is a message that is not acknowledged to the end.
type sending struct {
	stream   *stream
	n        int
	id       uint16
	released bool
}

const window = 8 // messages that a client has under way

var (
	errLeft    = errors.New("left with DISCONNECT")
	errDropped = errors.New("dropped the connection")
)

func (w *world) client(id string, version mqtt.Version, hears *audience, streams ...*stream) *client {
	return &client{w: w, id: id, version: version, r: w.rand(id), hears: hears, streams: streams, have: make(map[uint16]bool), trace: w.trace(id)}
}

// live connects again and again until the load is over.
func (c *client) live(ctx context.Context) {
	for ctx.Err() == nil {
		if err := c.connect(); err != nil {
			pause(ctx, time.Duration(5+c.r.IntN(20))*time.Millisecond)
			continue
		}
		err := c.talk(ctx)
		c.trace.note("connection %d ended: %v", c.number, err)
		c.nc.Close()
		c.ended(ctx, err)
		if c.stays > 0 && c.number >= c.stays {
			return
		}
		away := c.r.IntN(30)
		if errors.Is(err, errLeft) || errors.Is(err, errDropped) {
			away = c.r.IntN(600)
		}
		if c.rests {
			away = 500 + c.r.IntN(4000)
		}
		for d := time.Duration(away) * time.Millisecond; d > 0 && ctx.Err() == nil && !c.w.isFinishing(); d -= 20 * time.Millisecond {
			pause(ctx, 20*time.Millisecond)
		}
	}
}

// ended judges how a connection ended, and what that means for its will.
func (c *client) ended(ctx context.Context, err error) {
	w, key := c.w, willKey(c.id, c.number)
	killed := c.life == 0 || w.alive() != c.life
	switch {
	case errors.Is(err, errLeft) && !killed:
		w.left(key)
	case errors.Is(err, errLeft):
		w.mu.Lock()
		w.wills.fates[key] = perhaps
		w.mu.Unlock()
	case errors.Is(err, errDropped), killed, ctx.Err() != nil:
		w.lost(key)
	default:
		w.broken(c.id, "its connection", fmt.Sprintf("it lasts: %v", err))
	}
}

// connect makes a connection; an error says that the program is not there.
func (c *client) connect() error {
	c.life = c.w.alive()
	nc, err := net.DialTimeout("tcp", c.w.program.server(), patience)
	if err != nil {
		return err
	}
	c.nc, c.in, c.out = nc, c.in[:0], c.out[:0]
	c.decoder.Version, c.decoder.From = c.version, mqtt.FromServer
	c.number++
	connect := mqtt.Connect{Version: c.version, ClientID: []byte(c.id), KeepAlive: 600, CleanStart: c.clean}
	if !c.clean {
		connect.Will = &mqtt.Will{Topic: []byte("will/" + c.id), Payload: fmt.Append(nil, c.number), QoS: mqtt.QoS2}
	}
	if c.version == mqtt.V5 && !c.clean {
		connect.Properties.HasSessionExpiry, connect.Properties.SessionExpiry = true, 0xFFFFFFFF
	}
	c.put(&connect)
	if err := c.admitted(); err != nil {
		nc.Close()
		return err
	}
	if !c.clean {
		c.w.connected(willKey(c.id, c.number))
	}
	return nil
}

// admitted sends CONNECT and reads CONNACK.
func (c *client) admitted() error {
	if err := c.flush(); err != nil {
		return err
	}
	for deadline := time.Now().Add(patience); ; {
		frame, err := c.frame()
		if err != nil {
			return err
		}
		if frame != nil {
			return c.connack(frame)
		}
		if err := c.read(deadline); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				c.w.broken(c.id, "CONNECT", fmt.Sprintf("CONNACK comes within %v", patience))
			}
			return err
		}
	}
}

func (c *client) connack(frame []byte) error {
	p, err := c.decoder.Decode(frame)
	ack, ok := p.(*mqtt.Connack)
	if err != nil || !ok || ack.ReasonCode != mqtt.ReasonSuccess {
		c.w.broken(c.id, "CONNECT", fmt.Sprintf("CONNACK accepts it: %v, %v", mqtt.Describe(frame, c.version), err))
		return errDropped
	}
	if c.known && !ack.SessionPresent {
		c.w.broken(c.id, "CONNECT", "a session that was there still is")
	}
	c.known, c.found = true, ack.SessionPresent
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	c.w.counts.connects++
	return nil
}

func (c *client) put(p mqtt.Packet) {
	b, err := p.AppendTo(c.out, c.version)
	if err != nil {
		c.w.broken(c.id, p.Type().String(), err.Error())
	}
	c.out = b
}

func (c *client) flush() error {
	if len(c.out) == 0 {
		return nil
	}
	for b := c.out; len(b) > 0; {
		n, _ := mqtt.PeekFrame(b, mqtt.MaxRemainingLength)
		c.trace.note("sent %s", c.describe(b[:n]))
		b = b[n:]
	}
	_, err := c.nc.Write(c.out)
	c.out = c.out[:0]
	return err
}

// read reads what there is until the deadline.
func (c *client) read(deadline time.Time) error {
	c.nc.SetReadDeadline(deadline)
	var b [16 << 10]byte
	n, err := c.nc.Read(b[:])
	c.in = append(c.in, b[:n]...)
	if n > 0 {
		return nil
	}
	return err
}

// frame takes a whole packet off what was read, nil if there is none.
func (c *client) frame() ([]byte, error) {
	n, err := mqtt.PeekFrame(c.in, mqtt.MaxRemainingLength)
	if err != nil || n == 0 || len(c.in) < n {
		return nil, err
	}
	frame := c.in[:n]
	c.in = c.in[n:]
	c.trace.note("got  %s", c.describe(frame))
	return frame, nil
}

// describe tells of a PUBLISH which message it is.
func (c *client) describe(frame []byte) string {
	text := mqtt.Describe(frame, c.version)
	if mqtt.PacketType(frame[0]>>4) == mqtt.TypePublish {
		text += fmt.Sprintf(" %.50q", frame[2:])
	}
	return text
}

// nextID returns a packet identifier that is not in use.
func (c *client) nextID() uint16 {
	for {
		c.lastID++
		if c.lastID != 0 && c.sending(c.lastID) < 0 {
			return c.lastID
		}
	}
}

func (c *client) sending(id uint16) int {
	for i, m := range c.under {
		if m.id == id {
			return i
		}
	}
	return -1
}
