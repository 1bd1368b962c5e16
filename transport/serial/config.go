package serial

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	"snbroker/transport/serial/framing"
)

// Config says how to open a line. DefaultConfig fills it in.
type Config struct {
	// Device is the device's path, "/dev/ttyUSB0" or better one below
	// /dev/serial/by-id, or "tcp://host:port" for a line that a server offers.
	Device string
	// Baud is the line's rate in bits a second. On Linux any that the hardware
	// can do, elsewhere the usual ones. It does not matter over TCP.
	Baud int
	// Mode is data bits, parity and stop bits: one of Modes.
	Mode string
	// RTSCTS has the other end stop what it cannot take.
	RTSCTS bool
	// DTR is whether the line is raised while the device is open. Many boards
	// reset when it rises, which it does at the first opening in any case.
	DTR bool
	// Settle is how long after opening nothing is sent, and what comes dropped:
	// boards that reset then say what is no frame.
	Settle time.Duration

	// Framing is one of framing.Names.
	Framing string
	// MTU is the longest message in octets, both ways; 0 is the framing's own.
	MTU int
	// Address is the gateway's own on the line, 0 to 254, with radiohead.
	Address int
	// Unescaped is xbee's API mode 1.
	Unescaped bool

	// RS485 switches the driver to RS-485: it raises RTS while it sends.
	RS485 bool
	// Turnaround is how long the line must have been silent before something is
	// sent on it.
	Turnaround time.Duration
	// Echo drops what comes back of what was sent, on lines that both ends of
	// which hear what is sent.
	Echo bool
	// Console writes what firmware prints on the line to the log.
	Console bool

	Log *slog.Logger // nil: slog.Default()

	// OpenPort opens the line instead of Device, which is then its name.
	OpenPort func(ctx context.Context) (Port, error)
}

// DefaultConfig is a line as most devices have it.
func DefaultConfig() Config {
	return Config{Baud: 115200, Mode: "8N1", DTR: true, Framing: framing.Default, Console: true}
}

// Modes are the values of Config.Mode.
var Modes = []string{"8N1", "8N2", "8E1", "8E2", "8O1", "8O2"}

// Bounds of Config.
const (
	LeastBaud = 50
	MostBaud  = 20_000_000
)

const tcpScheme = "tcp://"

// TCP returns host:port of a device that is a server's; ok is false for others.
func TCP(device string) (address string, ok bool) { return strings.CutPrefix(device, tcpScheme) }

// CheckDevice tells what is wrong with a Config.Device.
func CheckDevice(device string) error {
	address, ok := TCP(device)
	switch {
	case device == "":
		return errors.New(`want the path of a device, such as "/dev/serial/by-id/...", or "tcp://host:port"`)
	case !ok && strings.Contains(device, "://"):
		return errors.New(`want a path, or "tcp://host:port": nothing else is known`)
	case !ok:
		return nil
	}
	if host, port, err := net.SplitHostPort(address); err != nil || host == "" || port == "" {
		return errors.New(`want "tcp://host:port"`)
	}
	return nil
}

func (c *Config) check() error {
	if err := CheckDevice(c.Device); err != nil && c.OpenPort == nil {
		return fmt.Errorf("serial: device %q: %w", c.Device, err)
	}
	switch {
	case c.Baud < LeastBaud || c.Baud > MostBaud:
		return fmt.Errorf("serial: %s: %d baud: want %d to %d", c.Device, c.Baud, LeastBaud, MostBaud)
	case !slices.Contains(Modes, c.Mode):
		return fmt.Errorf("serial: %s: mode %q: want one of %s", c.Device, c.Mode, strings.Join(Modes, ", "))
	case c.Address < 0 || c.Address > 254:
		return fmt.Errorf("serial: %s: address %d: want 0 to 254", c.Device, c.Address)
	}
	return nil
}

// octetTime is how long the line takes for an octet: start bit, 8 data bits, stop
// bit; parity and a second stop bit do not matter to those who ask.
func (c *Config) octetTime() time.Duration { return 10 * time.Second / time.Duration(c.Baud) }

// silence is how long nothing must come before a frame is taken for cut off. USB
// adapters gather octets for up to 16 ms.
func (c *Config) silence() time.Duration { return max(20*c.octetTime(), 50*time.Millisecond) }

// queueSize is how many octets may wait to be written: as many as the line takes
// in two seconds, for a device that asks again after ten must not find that its
// answer is still waiting; and room for some messages on the slowest line.
func (c *Config) queueSize() int { return min(max(c.Baud/10*2, 4<<10), 64<<10) }

// framing makes the framing for one end of the line.
func (c *Config) framing(o framing.Options) (*framing.Framing, error) {
	o.MTU, o.Unescaped = c.MTU, c.Unescaped
	if c.Framing == "radiohead" && !o.Device {
		o.Address = []byte{byte(c.Address)}
	}
	f, err := framing.New(c.Framing, o)
	if err != nil {
		return nil, fmt.Errorf("serial: %s: %w", c.Device, err)
	}
	return f, nil
}
