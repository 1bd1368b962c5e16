package framing

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Encoder makes frames.
type Encoder interface {
	// Append appends the frame that carries a message to a node; "" where the
	// line has no addresses. The error wraps ErrMTU, ErrNode or ErrMessage, and
	// dst is then returned as it was.
	Append(dst []byte, node string, message []byte) ([]byte, error)
}

// Decoder finds frames. It remembers an unfinished one from call to call.
type Decoder interface {
	// Next takes octets up to the end of the first event, and returns how many
	// it took. It is called with the rest until the Kind is None; then all are
	// taken.
	Next(octets []byte) (n int, e Event)
	// Silence tells that nothing has come for a while, where a frame's octets
	// come one after the other. Next(nil) returns what follows from that.
	Silence()
}

// Event is something found on the line. Its slices are valid until the next call
// of Next.
type Event struct {
	Kind Kind
	Node []byte // who sent a Message; nil where the line has no addresses
	Data []byte // of a Message, or the octets of Noise, as far as kept
	Err  error  // why it is Noise; of an Answer: why a message did not arrive
	// Reply is what the other end wants to be sent at once; nil: nothing.
	Reply []byte
}

// Kind is what was found.
type Kind uint8

const (
	None    Kind = iota // no more in these octets
	Message             // a message
	Noise               // octets that are no frame: noise, text, a damaged frame
	Answer              // the modem has dealt with a frame that was sent
)

var (
	ErrMTU     = errors.New("framing: message longer than the MTU")
	ErrNode    = errors.New("framing: no such node address")
	ErrMessage = errors.New("framing: not a message that this framing can carry")

	ErrChecksum = errors.New("framing: checksum wrong")
	ErrTooLong  = errors.New("framing: frame longer than the MTU allows")
	ErrLength   = errors.New("framing: length wrong")
	ErrEscape   = errors.New("framing: escape wrong")
	ErrCut      = errors.New("framing: frame cut off")
	ErrStray    = errors.New("framing: octets outside of frames")

	// ErrUndelivered is an Answer's: the radio gave a message up.
	ErrUndelivered = errors.New("framing: the radio did not deliver a message")
)

// Options are what a framing may need to know. The zero value is a gateway's.
type Options struct {
	// MTU is the longest message in octets; 0 is the framing's own.
	MTU int
	// Device makes the other end of the line: a device, together with the radio
	// modem in between if there is one. It is for simulators and tests.
	Device bool
	// Address is the own address: of a gateway for radiohead (1 octet, default
	// 00), of a device for radiohead and loralink (1), aquila (2), xbee (8) and
	// slip-ip (4, default 192.168.190.2).
	Address []byte
	// Unescaped is xbee's API mode 1; otherwise mode 2.
	Unescaped bool
}

// Framing is one framing for one line.
type Framing struct {
	Encoder
	Decoder
	Name string
	MTU  int // the longest message in octets, both ways
	// Checked tells that damage is found by a checksum of the framing's own.
	Checked bool
	// Addressed tells that the line itself has node addresses.
	Addressed bool
	// Preamble is sent when the line is opened, so that what the other end took
	// for a beginning is over.
	Preamble []byte
	// Patience is how long the modem may take to answer a frame before the next
	// one is sent; 0: it does not answer, or need not be waited for.
	Patience time.Duration
}

// Default is the framing for a line whose devices are still to be programmed.
const Default = "hdlc"

const usualMTU = 1024

// maker makes a framing of options whose MTU is set and whose Address has a
// right length.
type maker struct {
	mtu       int // 0: usualMTU
	most      int // the largest that can be asked for; 0: maxMTU
	gateway   int // octets of a gateway's address, 0: none
	device    int
	checked   bool
	addressed bool
	everybody string // the address that all nodes listen to; "": there is none
	preamble  []byte
	patience  time.Duration
	make      func(o Options) (Encoder, Decoder)
}

// maxMTU is what a length of MQTT-SN can say.
const maxMTU = 65535

var names = []string{"hdlc", "raw", "slip", "slip-crc", "cobs", "xbee", "radiohead", "loralink", "aquila", "slip-ip"}

var makers = map[string]maker{
	"hdlc":     {checked: true, make: newHDLC},
	"raw":      {make: newRaw},
	"slip":     {make: newSLIP},
	"slip-crc": {checked: true, make: newSLIPCRC},
	"cobs":     {checked: true, preamble: []byte{cobsDelimiter}, make: newCOBS},
	"xbee":     {mtu: 255, device: 8, checked: true, addressed: true, everybody: xbeeBroadcast, make: newXBee},
	"radiohead": {mtu: radioHeadPayload, most: radioHeadPayload, gateway: 1, device: 1, checked: true, addressed: true,
		everybody: string([]byte{radioHeadBroadcast}), make: newRadioHead},
	"loralink": {mtu: 240, most: 240, device: 1, checked: true, addressed: true, patience: 10 * time.Second,
		make: newLoRaLink},
	"aquila":  {mtu: 255, device: 2, checked: true, patience: 5 * time.Second, make: newAquila},
	"slip-ip": {device: 4, checked: true, addressed: true, make: newSLIPIP},
}

// Names lists the framings, the default first.
func Names() []string { return names }

// Addressed tells whether a framing has node addresses of its own.
func Addressed(name string) bool { return makers[name].addressed }

// Everybody is the node address that reaches all on a line: "" where there are no
// addresses. It is not ok where there is none; and for radios that say of each frame
// whether it was sent, since the next one would have to wait for that.
func Everybody(name string) (node string, ok bool) {
	m := makers[name]
	return m.everybody, m.everybody != "" || m.make != nil && m.device == 0
}

// New makes a framing by its name.
func New(name string, o Options) (*Framing, error) {
	m, ok := makers[name]
	if !ok {
		return nil, fmt.Errorf("framing: there is no %q: want one of %s", name, strings.Join(names, ", "))
	}
	most := m.most
	if most == 0 {
		most = maxMTU
	}
	if o.MTU == 0 {
		o.MTU = m.mtu
	}
	if o.MTU == 0 {
		o.MTU = usualMTU
	}
	if o.MTU < 1 || o.MTU > most {
		return nil, fmt.Errorf("framing: MTU %d: want 1 to %d for %s", o.MTU, most, name)
	}
	want := m.gateway
	if o.Device {
		want = m.device
	}
	if len(o.Address) != 0 && len(o.Address) != want {
		return nil, fmt.Errorf("framing: an address of %d octets: want %d for %s: %w", len(o.Address), want, name, ErrNode)
	}
	if len(o.Address) == 0 {
		o.Address = make([]byte, want)
	}
	enc, dec := m.make(o)
	return &Framing{
		Encoder: enc, Decoder: dec, Name: name, MTU: o.MTU,
		Checked: m.checked, Addressed: m.addressed, Preamble: m.preamble, Patience: m.patience,
	}, nil
}
