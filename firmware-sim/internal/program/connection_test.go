package program

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// script is a broker that says what a test wants.
type script struct {
	*testing.T
	net.Listener
}

func newScript(t *testing.T) *script {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &script{t, l}
}

// accept takes a connection, and says whether it had the session.
func (s *script) accept(clean, present byte) (net.Conn, *bufio.Reader) {
	s.Helper()
	nc, err := s.Accept()
	if err != nil {
		s.Fatal(err)
	}
	nc.SetDeadline(time.Now().Add(10 * time.Second))
	r := bufio.NewReader(nc)
	connect := s.packet(r)
	if connect[0] != typeConnect || connect[9] != 2*clean {
		s.Errorf("CONNECT % x", connect)
	}
	nc.Write([]byte{typeConnAck, 2, present, 0})
	return nc, r
}

func (s *script) packet(r *bufio.Reader) []byte {
	s.Helper()
	b := make([]byte, 2, 128)
	if _, err := io.ReadFull(r, b); err != nil {
		s.Fatal(err)
	}
	b = b[:2+b[1]]
	if _, err := io.ReadFull(r, b[2:]); err != nil {
		s.Fatal(err)
	}
	return b
}

type nothing struct{}

func (nothing) Messages([]Message)    {}
func (nothing) Acknowledged([]uint16) {}

// What was under way is sent again over a new connection, in its order.
func TestComesBack(t *testing.T) {
	s := newScript(t)
	type dialled struct {
		c   *Client
		err error
	}
	came := make(chan dialled)
	go func() {
		c, err := Dial(t.Context(), s.Addr().String(), "p", time.Minute, nothing{})
		came <- dialled{c, err}
	}()
	old, _ := s.accept(1, 0) // so that an earlier session is gone
	old.Close()
	nc, r := s.accept(0, 0)
	d := <-came
	if d.err != nil {
		t.Fatal(d.err)
	}
	for _, text := range []string{"x", "y"} {
		if _, err := d.c.Publish("t", []byte(text), 2, false); err != nil {
			t.Fatal(err)
		}
	}
	x, y := s.packet(r), s.packet(r)
	nc.Write([]byte{0x50, 2, 0, 1}) // PUBREC of x
	if got := s.packet(r); !bytes.Equal(got, []byte{typePubRel, 2, 0, 1}) {
		t.Errorf("% x", got)
	}
	nc.Close()
	nc, r = s.accept(0, 1)
	if got := s.packet(r); !bytes.Equal(got, []byte{typePubRel, 2, 0, 1}) {
		t.Errorf("% x, not the PUBREL of % x", got, x)
	}
	y[0] |= 8 // DUP
	if got := s.packet(r); !bytes.Equal(got, y) {
		t.Errorf("% x, not % x", got, y)
	}
	if !d.c.Connected() {
		t.Error("it does not know")
	}
	// A broker without the session is of no use.
	nc.Close()
	nc, _ = s.accept(0, 0)
	<-d.c.Done()
	nc.Close()
	if !errors.Is(d.c.Err(), ErrForgotten) {
		t.Error(d.c.Err())
	}
	closed := make(chan error)
	go func() { closed <- d.c.Close() }()
	nc, r = s.accept(1, 0)
	if got := s.packet(r); got[0] != typeDisconnect {
		t.Errorf("% x", got)
	}
	nc.Close()
	<-closed
}
