package transporttest

import (
	"sync"
	"testing"

	"snbroker/transport"
)

func closeEndsServe(t *testing.T, f Fixture) {
	ended := serve(t, f.Link, &Echo{T: t})
	p := f.peer(t)
	send(t, p, []byte("so that Serve certainly reads"))
	recv(t, p)
	if err := f.Link.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	wait(t, ended, "Serve to return after Close")
}

func closeBeforeServe(t *testing.T, f Fixture) {
	f.Link.Close()
	wait(t, serve(t, f.Link, &Echo{T: t}), "Serve of a closed link to return")
}

func closeInReceive(t *testing.T, f Fixture) {
	ended := serve(t, f.Link, Func(func(l transport.Link, _ []transport.Datagram) { l.Close() }))
	send(t, f.peer(t), []byte("close"))
	wait(t, ended, "Serve to return after Close")
}

func closeTwice(t *testing.T, f Fixture) {
	for range 3 {
		if err := f.Link.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
}

func sendAfterClose(t *testing.T, f Fixture) {
	f.attend(t)
	p := f.peer(t)
	f.Link.Send(p.Addr(), 0, []byte("gathered"))
	f.Link.Close()
	f.Link.Send(p.Addr(), 0, []byte("late"))
	f.Link.Flush()
	if s := f.Link.Stats(); s.DatagramsOut != 0 || s.SendErrors != 2 {
		t.Errorf("%+v: want 2 send errors and nothing out", s)
	}
}

// Close may come while Serve reads and another goroutine sends.
func closeWhileBusy(t *testing.T, f Fixture) {
	stop := make(chan struct{})
	first := make(chan struct{})
	var once sync.Once
	ended := serve(t, f.Link, Func(func(transport.Link, []transport.Datagram) {
		once.Do(func() { close(first) })
	}))
	p, q := f.peer(t), f.peer(t)
	var busy sync.WaitGroup
	for _, work := range []func(){
		func() { _ = p.Send([]byte("in")) },
		func() { f.Link.Send(q.Addr(), 0, []byte("out")); f.Link.Flush() },
		func() { f.Link.Stats() },
	} {
		busy.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					work()
				}
			}
		})
	}
	wait(t, first, "a datagram")
	f.Link.Close()
	wait(t, ended, "Serve to return after Close")
	close(stop)
	busy.Wait()
}
