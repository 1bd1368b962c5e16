package device

import (
	"context"
	"encoding/hex"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"strings"

	"snbroker/firmware-sim/internal/wire"
	"snbroker/mqttsn/client"
	"snbroker/transport/serial"
	"snbroker/transport/serial/framing"
)

// line is the serial line to a gateway, instead of UDP.
type line struct {
	device  string // and its settings
	baud    int
	framing string
	node    string
	cfg     serial.Config // once dialed
}

func (l *line) register(f *flag.FlagSet) {
	d := serial.DefaultConfig()
	f.StringVar(&l.device, "serial", "", "`device` of a serial line to the gateway, or tcp://host:port of a server's, instead of -gateway; settings may follow, as in /dev/ttyUSB0?mode=8E1&rtscts=true: "+strings.Join(wire.Settings(), ", "))
	f.IntVar(&l.baud, "baud", d.Baud, "with -serial: its `rate` in bits a second")
	f.StringVar(&l.framing, "framing", d.Framing, "with -serial: `one` of "+strings.Join(framing.Names(), ", "))
	f.StringVar(&l.node, "node", "", "with -serial: this device's address on the line in `hex`: for xbee, radiohead, loralink, aquila and slip-ip; elsewhere its node id behind a forwarder")
}

// dial opens the line.
func (l *line) dial(ctx context.Context) (net.Conn, error) {
	node, err := hex.DecodeString(l.node)
	if err != nil {
		return nil, fmt.Errorf("-node %q: want hexadecimal digits, two an octet", l.node)
	}
	usual := serial.DefaultConfig()
	usual.Baud, usual.Framing = l.baud, l.framing
	usual.Log = slog.New(slog.DiscardHandler)
	named, err := wire.Parse(usual, l.device)
	if err != nil {
		return nil, fmt.Errorf("-serial %s: %w", l.device, err)
	}
	l.cfg = named.Config
	conn, err := serial.Dial(ctx, l.cfg, node)
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// explain says what to do about a line that is silent.
func (l *line) explain(e *client.NoAnswerError) error {
	return fmt.Errorf("no answer on %s %s: is a gateway at the other end, with framing = %q and baud = %d? Use -d to see what was sent",
		l.cfg.Device, e.Effort(), l.cfg.Framing, l.cfg.Baud)
}
