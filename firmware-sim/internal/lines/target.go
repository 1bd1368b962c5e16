package lines

import (
	"encoding/binary"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"snbroker/transport/serial"
	"snbroker/transport/serial/framing"
)

// target is what the name of a serial line says. Its settings have the names that
// a listener of the gateway has for them.
type target struct {
	gateway   string // the whole name
	device    string // as in serial.Config
	baud      int
	mode      string
	framing   string
	maxFrame  int // octets; 0: the framing's own
	xbeeAPI   int
	address   int           // the gateway's on the line
	octetTime time.Duration // how long the line takes for an octet; 0: the other end of a TCP connection knows
	silence   time.Duration // after which a frame is over
}

// settings are the words after the ?, each with where it goes and its bounds.
func (t *target) settings() map[string]setting {
	return map[string]setting{
		"baud":         {&t.baud, serial.LeastBaud, serial.MostBaud},
		"max_frame":    {&t.maxFrame, 0, 65535},
		"xbee_api":     {&t.xbeeAPI, 1, 2},
		"line_address": {&t.address, 0, 254},
	}
}

type setting struct {
	to          *int
	least, most int
}

func parseTarget(gateway string) (target, error) {
	d := serial.DefaultConfig()
	t := target{gateway: gateway, baud: d.Baud, mode: d.Mode, framing: d.Framing, xbeeAPI: 2}
	u, err := url.Parse(gateway)
	if err != nil {
		return t, fmt.Errorf("%w: a serial line is serial:///dev/NAME?baud=115200&framing=hdlc", err)
	}
	t.device = u.Host + u.Path
	if u.Scheme == "tcp" {
		t.device = "tcp://" + t.device
	}
	if err := serial.CheckDevice(t.device); err != nil {
		return t, err
	}
	words, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return t, fmt.Errorf("%w: settings are word=value, with & between them", err)
	}
	settings := t.settings()
	for word, values := range words {
		value := values[len(values)-1]
		switch s, ok := settings[word]; {
		case ok:
			n, err := strconv.Atoi(value)
			if err != nil || n < s.least || n > s.most {
				return t, fmt.Errorf("%s is from %d to %d, not %q", word, s.least, s.most, value)
			}
			*s.to = n
		case word == "framing":
			t.framing = value
		case word == "mode":
			t.mode = value
		default:
			return t, fmt.Errorf("%s is no setting of a line: these are baud, mode, framing, max_frame, xbee_api, line_address", word)
		}
	}
	if !slices.Contains(serial.Modes, t.mode) {
		return t, fmt.Errorf("mode is one of %s, not %q", strings.Join(serial.Modes, ", "), t.mode)
	}
	octet := 10 * time.Second / time.Duration(t.baud)
	t.silence = max(20*octet, 50*time.Millisecond) // adapters gather octets for some time
	if u.Scheme == "serial" || words.Has("baud") {
		t.octetTime = octet
	}
	if _, err = t.node(0); err != nil {
		return t, err
	}
	const least = 16 // octets, of which little can be said
	if t.mtu() < least {
		return t, fmt.Errorf("max_frame=%d leaves no room: a message of %d octets is to fit in", t.maxFrame, least)
	}
	return t, nil
}

// addressOctets is how long a node's address is, in framings that have some.
var addressOctets = map[string]int{"xbee": 8, "radiohead": 1, "loralink": 1, "aquila": 2, "slip-ip": 4}

// addressed tells whether nodes have addresses of the framing's own.
func (t *target) addressed() bool { return addressOctets[t.framing] > 0 }

// mostNodes: of one octet, FF is everybody's, and one is the gateway's.
func (t *target) mostNodes() int {
	if addressOctets[t.framing] == 1 {
		return 254
	}
	return maxNodes
}

// node is the framing of a node.
func (t *target) node(id ID) (*framing.Framing, error) {
	o := framing.Options{Device: true, MTU: t.maxFrame, Unescaped: t.xbeeAPI == 1}
	n := uint32(id)
	switch addressOctets[t.framing] {
	case 1:
		if int(n) >= t.address {
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
	return framing.New(t.framing, o)
}

// toGateway is the gateway's address on the line.
func (t *target) toGateway() string {
	if t.framing == "radiohead" {
		return string([]byte{byte(t.address)})
	}
	return ""
}

// mtu is the longest datagram of a device, a forwarder's header left out.
func (t *target) mtu() int {
	f, _ := t.node(0) // was made before
	switch {
	case !t.addressed():
		return f.MTU - 3 - 4 // header, and a node id
	case t.framing == "aquila":
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
