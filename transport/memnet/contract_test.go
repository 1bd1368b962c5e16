package memnet

import (
	"context"
	"fmt"
	"testing"

	"snbroker/transport"
	"snbroker/transport/transporttest"
)

type peer struct {
	*Conn
	to transport.Addr
}

func (p peer) Send(b []byte) error { return p.Conn.Send(p.to, b) }

func (p peer) Recv(ctx context.Context) ([]byte, error) {
	_, b, err := p.Conn.Recv(ctx)
	return b, err
}

func TestContract(t *testing.T) {
	for _, tc := range []struct {
		name, link, client, nobody string
		mtu                        int
	}{
		{"IP", "192.0.2.1:1883", "192.0.2.2:%d", "192.0.2.3:1", maxDatagram},
		{"Radio", "#0001", "radio %d", "#0002", 100},
	} {
		t.Run(tc.name, func(t *testing.T) {
			transporttest.Suite(t, func(t *testing.T) transporttest.Fixture {
				n := New(1)
				t.Cleanup(func() { n.Close() })
				l := n.LinkMTU(tc.link, tc.mtu)
				clients := 0
				return transporttest.Fixture{
					Link: l,
					Peer: func(*testing.T) transporttest.Peer {
						clients++
						return peer{n.Conn(fmt.Sprintf(tc.client, clients)), l.Addr()}
					},
					Nobody: ParseAddr(tc.nobody),
				}
			})
		})
	}
}
