package serial

import (
	"testing"
	"testing/synctest"
	"time"

	"snbroker/gateway"
	"snbroker/mqttsn"
	"snbroker/transport"
	"snbroker/transport/serial/framing"
)

// All on a line hear ADVERTISE, where the framing has an address for everybody or
// none at all; SEARCHGW is answered everywhere.
func TestAdvertise(t *testing.T) {
	for _, name := range framing.Names() {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := memLine()
				l := opened(t, plain(name, near))
				newWorld(t).serveWith(t, l, gateway.LinkOptions{Anonymous: true, Everybody: l.Everybody, AdvertiseEvery: time.Minute})
				node, err := Dial(t.Context(), plain(name, far), []byte(own(name, 3)))
				if err != nil {
					t.Fatal(err)
				}
				defer node.Close()
				heard := func() mqttsn.Message {
					b := make([]byte, 100)
					node.SetReadDeadline(time.Now().Add(90 * time.Second))
					n, err := node.Read(b)
					if err != nil {
						return nil
					}
					m, err := new(mqttsn.Decoder).Decode(b[:n])
					if err != nil {
						t.Errorf("%x: %v", b[:n], err)
					}
					return m
				}
				rounds := 3
				if _, ok := framing.Everybody(name); !ok {
					rounds = 0
				}
				for range rounds {
					if m, ok := heard().(*mqttsn.Advertise); !ok || *m != (mqttsn.Advertise{GwID: 1, Duration: 60}) {
						t.Errorf("got %+v", m)
					}
				}
				node.Write([]byte{3, 0x01, 0})
				if m, ok := heard().(*mqttsn.GwInfo); !ok || m.GwID != 1 {
					t.Errorf("got %+v", m)
				}
				if m := heard(); rounds == 0 && m != nil {
					t.Errorf("got %v", m.Type())
				}
			})
		})
	}
}

// A line that has something to carry, or is away, is not advertised on: neither does
// the queue fill with it.
func TestAdvertiseWaitsItsTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, _ := memLine()
		l := opened(t, plain("hdlc", stuckPort{near}))
		serving(t, l, nil)
		if to := l.Everybody(); len(to) != 1 || to[0].Node != "" {
			t.Errorf("a line that is idle: %v", to)
		}
		l.Send(transport.Addr{}, 0, pubAck)
		l.Flush()
		synctest.Wait()
		if to := l.Everybody(); to != nil {
			t.Errorf("a line that is busy: %v", to)
		}
		near.unplug()
		near.Close()
		time.Sleep(time.Second)
		if to := l.Everybody(); to != nil {
			t.Errorf("a line that is away: %v", to)
		}
	})
}
