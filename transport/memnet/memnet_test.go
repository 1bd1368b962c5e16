package memnet

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"snbroker/transport"
	"snbroker/transport/transporttest"
)

var rough = Impairment{Loss: 0.2, Duplicate: 0.2, Reorder: 0.2, Delay: 30 * time.Millisecond, Jitter: 40 * time.Millisecond}

// arrival is what came and when, since the start.
type arrival struct {
	what string
	at   time.Duration
}

// drain receives until a minute has passed without a datagram.
func drain(t *testing.T, c *Conn, start time.Time) []arrival {
	t.Helper()
	var all []arrival
	for {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		_, b, err := c.Recv(ctx)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, arrival{string(b), time.Since(start)})
	}
}

func whats(all []arrival) []string {
	var s []string
	for _, a := range all {
		s = append(s, a.what)
	}
	return s
}

// run sends n datagrams, a millisecond apart, and returns what arrives. Others
// may make noise meanwhile.
func run(t *testing.T, seed uint64, i Impairment, n, others int) (all []arrival, s Stats) {
	synctest.Test(t, func(t *testing.T) {
		net := New(seed)
		defer net.Close()
		net.Impair(i)
		a, b := net.Conn("192.0.2.1:1"), net.Conn("192.0.2.2:2")
		noise := make([]*Conn, others)
		for k := range noise {
			noise[k] = net.Conn(fmt.Sprintf("192.0.2.3:%d", k+1))
		}
		start := time.Now()
		go func() {
			for k := range n {
				for _, c := range noise {
					_ = c.Send(ParseAddr("192.0.2.4:4"), nil)
				}
				_ = a.Send(b.Addr(), fmt.Append(nil, k))
				time.Sleep(time.Millisecond)
			}
		}()
		all, s = drain(t, b, start), net.Stats()
	})
	return all, s
}

func TestSameSeedSameFate(t *testing.T) {
	first, stats := run(t, 7, rough, 500, 0)
	if stats.Lost == 0 || stats.Duplicated == 0 || stats.Reordered == 0 {
		t.Fatalf("%+v: nothing to compare", stats)
	}
	for range 3 {
		if again, _ := run(t, 7, rough, 500, 0); !slices.Equal(first, again) {
			t.Fatal("the same seed gave two outcomes")
		}
	}
	if noisy, _ := run(t, 7, rough, 500, 3); !slices.Equal(first, noisy) {
		t.Error("what others send changes the outcome")
	}
	if other, _ := run(t, 8, rough, 500, 0); slices.Equal(first, other) {
		t.Error("the seed does not matter")
	}
}

// A changed probability leaves the other chances as they were.
func TestChancesAreSeparate(t *testing.T) {
	lossy := Impairment{Loss: 0.3}
	plain, _ := run(t, 1, lossy, 300, 0)
	lossy.Reorder = 0.5
	shuffled, _ := run(t, 1, lossy, 300, 0)
	a, b := whats(plain), whats(shuffled)
	if slices.Equal(a, b) {
		t.Error("nothing was reordered")
	}
	slices.Sort(a)
	slices.Sort(b)
	if !slices.Equal(a, b) {
		t.Error("reordering changed what is lost")
	}
}

func TestPerfectByDefault(t *testing.T) {
	all, s := run(t, 1, Impairment{}, 200, 0)
	for k, a := range all {
		if want := (arrival{fmt.Sprint(k), time.Duration(k) * time.Millisecond}); a != want {
			t.Fatalf("got %v, want %v", a, want)
		}
	}
	if want := (Stats{Sent: 200, Delivered: 200}); s != want {
		t.Errorf("got %+v, want %+v", s, want)
	}
}

func TestDelayIsExact(t *testing.T) {
	all, _ := run(t, 1, Impairment{Delay: 250 * time.Millisecond}, 50, 0)
	if len(all) != 50 {
		t.Fatalf("%d arrived, want 50", len(all))
	}
	for k, a := range all {
		if want := (arrival{fmt.Sprint(k), time.Duration(250+k) * time.Millisecond}); a != want {
			t.Fatalf("got %v, want %v", a, want)
		}
	}
}

func TestJitterKeepsOrder(t *testing.T) {
	all, _ := run(t, 1, Impairment{Delay: 5 * time.Millisecond, Jitter: 100 * time.Millisecond}, 300, 0)
	varied := false
	for k, a := range all {
		if a.what != fmt.Sprint(k) {
			t.Fatalf("got %s, want %d", a.what, k)
		}
		late := a.at - time.Duration(k)*time.Millisecond
		if late < 5*time.Millisecond || late > 105*time.Millisecond {
			t.Fatalf("datagram %d was %v on its way", k, late)
		}
		varied = varied || late != all[0].at
	}
	if len(all) != 300 || !varied {
		t.Errorf("%d arrived, want 300 with varying delay", len(all))
	}
}

func TestRatesAreAsAsked(t *testing.T) {
	const n = 4000
	_, s := run(t, 3, Impairment{Loss: 0.1, Duplicate: 0.2, Reorder: 0.3}, n, 0)
	for _, r := range []struct {
		what   string
		got    uint64
		chance float64 // of those sent
	}{{"lost", s.Lost, 0.1}, {"duplicated", s.Duplicated, 0.9 * 0.2}, {"reordered", s.Reordered, 0.9 * 0.3}} {
		if want := r.chance * n; float64(r.got) < 0.8*want || float64(r.got) > 1.2*want {
			t.Errorf("%d %s of %d, want about %.0f", r.got, r.what, n, want)
		}
	}
	if s.Delivered != s.Sent-s.Lost+s.Duplicated {
		t.Errorf("%+v does not add up", s)
	}
}

// When delay ends, what is sent afterwards still does not overtake.
func TestOrderWhenDelayEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(1)
		defer n.Close()
		a, b := n.Conn("a"), n.Conn("b")
		start := time.Now()
		n.Impair(Impairment{Delay: time.Second})
		_ = a.Send(b.Addr(), []byte("first"))
		n.Impair(Impairment{})
		_ = a.Send(b.Addr(), []byte("second"))
		time.Sleep(time.Second) // the first is due in this instant
		_ = a.Send(b.Addr(), []byte("third"))
		if got := whats(drain(t, b, start)); !slices.Equal(got, []string{"first", "second", "third"}) {
			t.Errorf("got %q", got)
		}
	})
}

func TestPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(1)
		defer n.Close()
		a, b, c := n.Conn("a"), n.Conn("b"), n.Conn("c")
		start := time.Now()
		n.Partition("a", "b")
		_ = a.Send(b.Addr(), []byte("among themselves"))
		_ = a.Send(c.Addr(), []byte("across"))
		_ = c.Send(a.Addr(), []byte("back across"))
		n.Heal()
		_ = a.Send(c.Addr(), []byte("healed"))
		n.Impair(Impairment{Delay: time.Second})
		_ = a.Send(c.Addr(), []byte("on its way when cut"))
		n.Partition("c")
		for _, tc := range []struct {
			c    *Conn
			want []string
		}{{a, nil}, {b, []string{"among themselves"}}, {c, []string{"healed"}}} {
			if got := whats(drain(t, tc.c, start)); !slices.Equal(got, tc.want) {
				t.Errorf("%s got %q, want %q", tc.c.Addr(), got, tc.want)
			}
		}
		if s := n.Stats(); s.Partitioned != 3 || s.Delivered != 2 {
			t.Errorf("%+v: want 3 partitioned, 2 delivered", s)
		}
	})
}

func TestNobodyAndFullQueues(t *testing.T) {
	n := New(1)
	defer n.Close()
	a, l := n.Conn("a"), n.Link("l")
	_ = a.Send(ParseAddr("nobody"), nil)
	for range maxQueue + 5 {
		_ = a.Send(l.Addr(), nil)
	}
	if s := n.Stats(); s.Unreachable != 1 || s.Overflowed != 5 || s.Delivered != maxQueue {
		t.Errorf("%+v: want 1 unreachable, 5 overflowed", s)
	}
	if s := l.Stats(); s.KernelDrops != 5 {
		t.Errorf("%+v: want 5 drops", s)
	}
}

// A link and clients in a bubble, impaired, with timers pending at the end:
// synctest panics if a goroutine is left.
func TestCloseEndsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(1)
		n.Impair(rough)
		l := n.Link("192.0.2.1:1883")
		served := make(chan error, 1)
		go func() { served <- l.Serve(&transporttest.Echo{T: t}) }()
		received := make(chan error, 3)
		for k := range 3 {
			c := n.Conn(fmt.Sprintf("192.0.2.2:%d", k+1))
			for range 100 {
				_ = c.Send(l.Addr(), []byte("x"))
			}
			go func() {
				for {
					if _, _, err := c.Recv(t.Context()); err != nil {
						received <- err
						return
					}
				}
			}()
		}
		time.Sleep(50 * time.Millisecond)
		n.Close()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
		for range 3 {
			if err := <-received; !errors.Is(err, net.ErrClosed) {
				t.Errorf("Recv: %v", err)
			}
		}
	})
}

// The address of a closed end is free again, and what was sent to the old end
// may reach the new one, as in a network.
func TestReopen(t *testing.T) {
	n := New(1)
	defer n.Close()
	n.Link("l").Close()
	n.Link("l")
	defer func() {
		if recover() == nil {
			t.Error("an address was opened twice")
		}
	}()
	n.Link("l")
}

func TestDataIsOverwrittenAfterReceive(t *testing.T) {
	n := New(1)
	defer n.Close()
	l, c := n.Link("l"), n.Conn("c")
	var kept []byte
	second := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- l.Serve(transporttest.Func(func(_ transport.Link, batch []transport.Datagram) {
			if kept != nil {
				close(second)
				return
			}
			kept = batch[0].Data
			_ = c.Send(l.Addr(), []byte("second"))
		}))
	}()
	_ = c.Send(l.Addr(), []byte("first"))
	<-second
	l.Close()
	<-done
	if string(kept) == "first" {
		t.Error("what was kept beyond Receive is intact")
	}
}

// A node behind an address is the affair of whoever is at the address.
func TestNodesBehindAnAddress(t *testing.T) {
	n := New(1)
	defer n.Close()
	l, c := n.Link("192.0.2.1:1883"), n.Conn("192.0.2.2:1")
	to := c.Addr()
	to.Node = "\x01\x02"
	l.Send(to, 0, []byte("wrapped"))
	l.Flush()
	from, b, err := c.Recv(t.Context())
	if err != nil || string(b) != "wrapped" || from != l.Addr() {
		t.Errorf("got %q from %s, %v", b, from, err)
	}
	if got := ParseAddr("#0102").Node; got != to.Node {
		t.Errorf("#0102 is node %x", got)
	}
}
