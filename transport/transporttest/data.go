package transporttest

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"snbroker/transport"
)

// A window of datagrams goes out before the first answer is read, so that both
// directions come in batches; it stays far below any receive buffer.
func echoInOrder(t *testing.T, f Fixture) {
	serve(t, f.Link, &Echo{T: t})
	p := f.peer(t)
	const total, window = 2000, 100
	for sent := 0; sent < total; sent += window {
		for i := range window {
			send(t, p, fmt.Appendf(nil, "datagram %d", sent+i))
		}
		for i := range window {
			if got, want := recv(t, p), fmt.Appendf(nil, "datagram %d", sent+i); !bytes.Equal(got, want) {
				t.Fatalf("got %q, want %q", got, want)
			}
		}
	}
}

func manyPeers(t *testing.T, f Fixture) {
	serve(t, f.Link, &Echo{T: t})
	const n = 50
	peers := make([]Peer, n)
	for i := range peers {
		peers[i] = f.peer(t)
	}
	for round := range 10 {
		for i, p := range peers {
			send(t, p, fmt.Appendf(nil, "%d of %v", round, i))
		}
		for i, p := range peers {
			if got, want := recv(t, p), fmt.Appendf(nil, "%d of %v", round, i); !bytes.Equal(got, want) {
				t.Fatalf("peer %d got %q, want %q", i, got, want)
			}
		}
	}
}

// A datagram without octets is a datagram.
func zeroLength(t *testing.T, f Fixture) {
	c := NewCollect(1)
	serve(t, f.Link, c)
	p := f.peer(t)
	send(t, p, nil)
	d := take(t, c)
	if len(d.Data) != 0 || d.From != p.Addr() {
		t.Fatalf("got %d octets from %s, want none from %s", len(d.Data), d.From, p.Addr())
	}
	f.Link.Send(d.From, d.Local, nil)
	f.Link.Flush()
	if got := recv(t, p); len(got) != 0 {
		t.Fatalf("got %d octets, want none", len(got))
	}
}

func largest(t *testing.T, f Fixture) {
	serve(t, f.Link, &Echo{T: t})
	p := f.peer(t)
	for _, n := range []int{f.Link.MTU(), f.Link.MTU() - 1, min(2048, f.Link.MTU()), min(2049, f.Link.MTU()), 1} {
		want := pattern(n, n)
		send(t, p, want)
		if got := recv(t, p); !bytes.Equal(got, want) {
			t.Fatalf("%d octets came back as %d, or changed", n, len(got))
		}
	}
}

// Large datagrams in one batch must not share memory.
func manyLargest(t *testing.T, f Fixture) {
	release := make(chan struct{})
	c := NewCollect(64)
	serve(t, f.Link, Func(func(l transport.Link, batch []transport.Datagram) {
		<-release
		c.Receive(l, batch)
	}))
	p := f.peer(t)
	send(t, p, []byte("the batch that keeps the link busy"))
	// All wait in the receive buffer, which may be 208 KiB.
	n := min(20, 192<<10/f.Link.MTU())
	for i := range n {
		send(t, p, pattern(f.Link.MTU()-i, i))
	}
	close(release)
	take(t, c)
	for i := range n {
		if d := take(t, c); !bytes.Equal(d.Data, pattern(f.Link.MTU()-i, i)) {
			t.Fatalf("datagram %d: %d octets, or changed; want %d", i, len(d.Data), f.Link.MTU()-i)
		}
	}
}

func tooLarge(t *testing.T, f Fixture) {
	serve(t, f.Link, NewCollect(1))
	p := f.peer(t)
	f.Link.Send(p.Addr(), 0, make([]byte, f.Link.MTU()+1))
	f.Link.Send(p.Addr(), 0, []byte("after"))
	f.Link.Flush()
	if got := recv(t, p); string(got) != "after" {
		t.Fatalf("got %d octets, want what was sent after the one too large", len(got))
	}
	if s := f.Link.Stats(); s.SendErrors != 1 || s.DatagramsOut != 1 {
		t.Errorf("%+v: want 1 send error, 1 out", s)
	}
}

func sendCopies(t *testing.T, f Fixture) {
	f.attend(t)
	p := f.peer(t)
	b := []byte("first")
	f.Link.Send(p.Addr(), 0, b)
	copy(b, "again")
	f.Link.Send(p.Addr(), 0, b)
	f.Link.Flush()
	for _, want := range []string{"first", "again"} {
		if got := recv(t, p); string(got) != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

// A batch has a bound, so of many datagrams most leave without Flush.
func sendsWhenFull(t *testing.T, f Fixture) {
	f.attend(t)
	p := f.peer(t)
	const n = 100 // more than a batch, and fits a small receive buffer
	for i := range n {
		f.Link.Send(p.Addr(), 0, []byte{byte(i), byte(i >> 8)})
	}
	next := func(i int) {
		if got := recv(t, p); len(got) != 2 || int(got[0])|int(got[1])<<8 != i {
			t.Fatalf("got %v, want datagram %d", got, i)
		}
	}
	next(0) // or this waits in vain
	f.Link.Flush()
	for i := 1; i < n; i++ {
		next(i)
	}
}

func flushOfNothing(t *testing.T, f Fixture) {
	f.Link.Flush()
	f.Link.Flush()
	if s := f.Link.Stats(); s != (transport.Stats{}) {
		t.Errorf("%+v: want nothing", s)
	}
}

func sendFromAnotherGoroutine(t *testing.T, f Fixture) {
	c := NewCollect(16)
	serve(t, f.Link, c)
	p := f.peer(t)
	for i := range 200 {
		send(t, p, []byte{byte(i)})
		d := take(t, c)
		f.Link.Send(d.From, d.Local, d.Data) // this goroutine is not Serve's
		f.Link.Flush()
		if got := recv(t, p); len(got) != 1 || got[0] != byte(i) {
			t.Fatalf("got %v, want [%d]", got, byte(i))
		}
	}
}

// What is sent to nobody may be answered with an ICMP error. It harms nobody
// else.
func nobodyThere(t *testing.T, f Fixture) {
	serve(t, f.Link, Func(func(l transport.Link, batch []transport.Datagram) {
		for _, d := range batch {
			l.Send(f.Nobody, 0, []byte("is anybody there?"))
			l.Send(d.From, d.Local, d.Data)
			l.Send(f.Nobody, d.Local, []byte("still nobody?"))
		}
		l.Flush()
	}))
	p := f.peer(t)
	for i := range 10 {
		send(t, p, []byte{byte(i)})
		if got := recv(t, p); len(got) != 1 || got[0] != byte(i) {
			t.Fatalf("got %v, want [%d]", got, i)
		}
	}
}

func stats(t *testing.T, f Fixture) {
	ended := serve(t, f.Link, &Echo{T: t})
	p := f.peer(t)
	var bytes uint64
	const n = 20
	for i := range n {
		send(t, p, pattern(i, 0))
		recv(t, p)
		bytes += uint64(i)
	}
	f.Link.Close()
	wait(t, ended, "Serve to return after Close")
	want := transport.Stats{DatagramsIn: n, BytesIn: bytes, DatagramsOut: n, BytesOut: bytes}
	if got := f.Link.Stats(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func take(t *testing.T, c *Collect) transport.Datagram {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case d := <-c.C:
		return d
	case <-limit.C:
		t.Fatal("gave up waiting for a datagram")
		panic("unreachable")
	}
}
