package dtls

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/dtls/v3"

	"snbroker/transport"
	"snbroker/transport/memnet"
	"snbroker/transport/transporttest"
)

func TestIdleTimeout(t *testing.T) {
	virtually(t, func(c *Config) { c.IdleTimeout = 24 * time.Hour }, func(t *testing.T, n *memnet.Network, l *Link, in *transporttest.Collect) {
		sleeper := dialVirtually(t, n, "192.0.2.2:1", psk("sleeper"))
		gone := ended(dialVirtually(t, n, "192.0.2.3:1", psk("gone")))
		stays := ended(sleeper)
		for range 4 { // the longest sleep that MQTT-SN has
			time.Sleep(65535 * time.Second)
			sleeper.Write([]byte("awake"))
			<-in.C
		}
		if s := l.SessionStats(); !isEnded(gone) || isEnded(stays) || s.Sessions != 1 || s.Idle != 1 {
			t.Errorf("%+v: want the silent one ended, the sleeper not", s)
		}
		time.Sleep(24*time.Hour + time.Second)
		if !isEnded(stays) {
			t.Error("the sleeper has overslept, and is still there")
		}
	})
}

// At the limit the session that has been silent for longest ends, whenever it
// began.
func TestMaxSessions(t *testing.T) {
	virtually(t, func(c *Config) { c.MaxSessions = 3 }, func(t *testing.T, n *memnet.Network, l *Link, in *transporttest.Collect) {
		var done [5]<-chan struct{}
		var conn [5]*dtls.Conn
		for i := range conn {
			conn[i] = dialVirtually(t, n, "192.0.2.2:"+string(rune('1'+i)), psk("meter"))
			done[i] = ended(conn[i])
			time.Sleep(time.Second)
			conn[0].Write([]byte("busy"))
			<-in.C
		}
		for i, want := range [...]bool{false, true, true, false, false} {
			if got := isEnded(done[i]); got != want {
				t.Errorf("session %d: ended %t, want %t", i, got, want)
			}
		}
		if s := l.SessionStats(); s.Evicted != 2 || s.Sessions != 3 {
			t.Errorf("%+v: want two ended, three there", s)
		}
	})
}

// A handshake that does not go on ends; meanwhile it counts as one.
func TestHandshakeTimeout(t *testing.T) {
	hello := helloOf(t)
	virtually(t, nil, func(t *testing.T, n *memnet.Network, l *Link, _ *transporttest.Collect) {
		silent := n.Conn("192.0.2.2:1")
		silent.Send(memnet.ParseAddr("192.0.2.1:8883"), hello)
		synctest.Wait()
		if s := l.SessionStats(); s.Handshaking != 1 {
			t.Errorf("%+v: want one handshake", s)
		}
		time.Sleep(l.cfg.HandshakeTimeout + time.Second)
		synctest.Wait()
		if s := l.SessionStats(); s.Handshaking != 0 || s.TimedOut != 1 || len(l.byCID)+len(l.arriving) != 0 {
			t.Errorf("%+v: want nothing left", s)
		}
	})
}

// What a wrong key encrypts is noise, which is dropped: the handshake never ends.
func TestWrongKey(t *testing.T) {
	virtually(t, nil, func(t *testing.T, n *memnet.Network, l *Link, _ *transporttest.Collect) {
		o := append(psk("meter"), dtls.WithPSK(func([]byte) ([]byte, error) { return []byte("guessed"), nil }))
		c, err := dtls.ClientWithOptions(newMemSocket(n, "192.0.2.2:1"), endpoint{addr: memnet.ParseAddr("192.0.2.1:8883")}, o...)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if c.HandshakeContext(ctx) == nil {
			t.Error("it is let in")
		}
		c.Close()
		if s := l.SessionStats(); s.TimedOut == 0 || s.Handshakes+uint64(s.Sessions) != 0 {
			t.Errorf("%+v: want a handshake that timed out", s)
		}
	})
}

// Peers are told when the gateway ends, after what was sent to them before.
func TestCloseNotify(t *testing.T) {
	virtually(t, nil, func(t *testing.T, n *memnet.Network, l *Link, in *transporttest.Collect) {
		c := dialVirtually(t, n, "192.0.2.2:1", psk("meter"))
		c.Write([]byte("hello"))
		d := <-in.C
		heard := make(chan string, 10)
		go func() { // pion forgets what nobody has read when a session ends
			b := make([]byte, 100)
			for {
				n, err := c.Read(b)
				if err != nil {
					heard <- err.Error()
					return
				}
				heard <- string(b[:n])
			}
		}()
		synctest.Wait()
		answer(l, d, "goodbye")
		l.Close()
		for _, want := range []string{"goodbye", "EOF"} {
			if got := <-heard; got != want {
				t.Errorf("heard %q, want %q", got, want)
			}
		}
	})
}

// A session leaves nothing behind when its peer closes it.
func TestPeerCloses(t *testing.T) {
	virtually(t, nil, func(t *testing.T, n *memnet.Network, l *Link, _ *transporttest.Collect) {
		c := dialVirtually(t, n, "192.0.2.2:1", psk("meter", withCID))
		c.Close()
		synctest.Wait()
		if s := l.SessionStats(); s.Sessions != 0 || len(l.byCID)+len(l.settled)+len(l.arriving) != 0 {
			t.Errorf("%+v, %d, %d, %d", s, len(l.byCID), len(l.settled), len(l.arriving))
		}
	})
}

// Who is not welcome any more is told so.
func TestSweep(t *testing.T) {
	virtually(t, nil, func(t *testing.T, n *memnet.Network, l *Link, _ *transporttest.Collect) {
		stays := ended(dialVirtually(t, n, "192.0.2.2:1", psk("welcome")))
		goes := ended(dialVirtually(t, n, "192.0.2.2:2", psk("gone")))
		if n := l.Sweep(func(who any) bool { return who == Proof{PSKIdentity: "welcome"} }); n != 1 {
			t.Errorf("%d ended", n)
		}
		if !isEnded(goes) || isEnded(stays) {
			t.Error("want one ended, one not")
		}
	})
}

// A message longer than the link takes is counted, and the session goes on.
func TestOversized(t *testing.T) {
	virtually(t, nil, func(t *testing.T, n *memnet.Network, l *Link, in *transporttest.Collect) {
		c := dialVirtually(t, n, "192.0.2.2:1", psk("meter"))
		c.Write(make([]byte, l.MTU()+1))
		c.Write([]byte("after"))
		if d := <-in.C; string(d.Data) != "after" {
			t.Errorf("%d octets", len(d.Data))
		}
		if s := l.Stats(); s.Oversized != 1 {
			t.Errorf("%+v", s)
		}
	})
}

// A receiver that stalls keeps the link's reader from nothing: what a session
// cannot hold is dropped and counted.
func TestSlowReceiver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := memnet.New(1)
		defer n.Close()
		l, err := New(n.Link("192.0.2.1:8883"), pskConfig())
		if err != nil {
			t.Fatal(err)
		}
		release, done := make(chan struct{}), make(chan error)
		go func() {
			done <- l.Serve(transporttest.Func(func(transport.Link, []transport.Datagram) { <-release }))
		}()
		c := dialVirtually(t, n, "192.0.2.2:1", psk("meter"))
		for range maxInbox + maxPiped + 200 {
			c.Write([]byte("much"))
			synctest.Wait()
		}
		dialVirtually(t, n, "192.0.2.2:2", psk("another"))
		if s := l.SessionStats(); s.Overrun == 0 || s.Sessions != 2 {
			t.Errorf("%+v: want drops, and another session", s)
		}
		close(release)
		l.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
