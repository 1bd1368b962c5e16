package lines

import (
	"encoding/binary"
	"fmt"
	"time"

	"snbroker/firmware-sim/internal/wire"
	"snbroker/transport/serial"
	"snbroker/transport/serial/framing"
)

// target is a serial line as its name says, and what follows from that.
type target struct {
	serial.Config
	gateway   string        // the whole name
	octetTime time.Duration // how long the line takes for an octet; 0: the other end of a TCP connection knows
	silence   time.Duration // after which a frame is over
}

func parseTarget(gateway string) (target, error) {
	line, err := wire.Parse(serial.DefaultConfig(), gateway)
	t := target{Config: line.Config, gateway: gateway}
	if err != nil {
		return t, err
	}
	octet := 10 * time.Second / time.Duration(t.Baud)
	t.silence = max(20*octet, 50*time.Millisecond) // adapters gather octets for some time
	if line.Paced {
		t.octetTime = octet
	}
	if _, err = t.node(0); err != nil {
		return t, err
	}
	const least = 16 // octets, of which little can be said
	if t.mtu() < least {
		return t, fmt.Errorf("max_frame=%d leaves no room: a message of %d octets is to fit in", t.MTU, least)
	}
	return t, nil
}

// addressOctets is how long a node's address is, in framings that have some.
var addressOctets = map[string]int{"xbee": 8, "radiohead": 1, "loralink": 1, "aquila": 2, "slip-ip": 4}

// addressed tells whether nodes have addresses of the framing's own.
func (t *target) addressed() bool { return addressOctets[t.Framing] > 0 }

// mostNodes: of one octet, FF is everybody's, and one is the gateway's.
func (t *target) mostNodes() int {
	if addressOctets[t.Framing] == 1 {
		return 254
	}
	return maxNodes
}

// node is the framing of a node.
func (t *target) node(id ID) (*framing.Framing, error) {
	o := framing.Options{Device: true, MTU: t.MTU, Unescaped: t.Unescaped}
	n := uint32(id)
	switch addressOctets[t.Framing] {
	case 1:
		if int(n) >= t.Address {
			n++
		}
		o.Address = []byte{byte(n)}
	case 2:
		o.Address = binary.BigEndian.AppendUint16(nil, uint16(n+1))
	case 4:
		o.Address = binary.BigEndian.AppendUint32(nil, 10<<24+n+1) // 10.0.0.1 and so on
	case 8:
		o.Address = binary.BigEndian.AppendUint64(nil, 0x0013A200_00000000+uint64(n)) // as its maker's are
	}
	return framing.New(t.Framing, o)
}

// toGateway is the gateway's address on the line.
func (t *target) toGateway() string {
	if t.Framing == "radiohead" {
		return string([]byte{byte(t.Address)})
	}
	return ""
}

// mtu is the longest datagram of a device, a forwarder's header left out.
func (t *target) mtu() int {
	f, _ := t.node(0) // was made before
	switch {
	case !t.addressed():
		return f.MTU - 3 - 4 // header, and a node id
	case t.Framing == "aquila":
		return f.MTU - 3 - 2
	}
	return f.MTU
}

// queueSize is how many octets may wait: what the line carries in two seconds, for
// a device must not ask again while its first request is waiting.
func (t *target) queueSize() int {
	const least, most = 4 << 10, 64 << 10
	if t.octetTime == 0 {
		return most
	}
	return min(max(int(2*time.Second/t.octetTime), least), most)
}
