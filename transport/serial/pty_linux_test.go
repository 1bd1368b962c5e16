package serial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"snbroker/transport"
	"snbroker/transport/transporttest"
)

// master is the far end of a pseudo-terminal. Closing it unplugs the line.
type master struct{ *os.File }

// pty makes a pseudo-terminal and names the near end.
func pty(t testing.TB) (far master, device string) {
	t.Helper()
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fd), "ptmx")
	t.Cleanup(func() { f.Close() })
	return master{f}, fmt.Sprintf("/dev/pts/%d", n)
}

// Read is a Port's: EIO is what a master says while nobody has the near end open.
func (m master) Read(b []byte) (int, error) {
	for {
		n, err := m.File.Read(b)
		if errors.Is(err, syscall.EIO) {
			time.Sleep(time.Millisecond)
			continue
		}
		return n, err
	}
}

// Write gives up where nobody reads.
func (m master) Write(b []byte) (int, error) {
	m.SetWriteDeadline(time.Now().Add(time.Second))
	return m.File.Write(b)
}

func onDevice(framing, device string) Config {
	cfg := DefaultConfig()
	cfg.Device, cfg.Framing, cfg.Log = device, framing, quietly
	return cfg
}

// The same over the kernel's terminals and tarm's package.
func TestContractOnPTY(t *testing.T) {
	transporttest.Suite(t, func(t *testing.T) transporttest.Fixture {
		far, device := pty(t)
		l := opened(t, onDevice("radiohead", device))
		b := newBus(t, far, "radiohead")
		n := 0
		return transporttest.Fixture{
			Link: l,
			Peer: func(*testing.T) transporttest.Peer {
				n++
				return b.node(addresses["radiohead"](n))
			},
			Nobody: transport.Addr{Node: addresses["radiohead"](200)},
		}
	})
}

// countingPort counts reads.
type countingPort struct {
	Port
	reads *atomic.Int64
}

func (p countingPort) Read(b []byte) (int, error) {
	p.reads.Add(1)
	return p.Port.Read(b)
}

// A line that is silent, and one that was unplugged, take no CPU.
func TestNoBusyLoop(t *testing.T) {
	far, device := pty(t)
	var reads, opens atomic.Int64
	cfg := onDevice("hdlc", device)
	real := cfg
	cfg.OpenPort = func(context.Context) (Port, error) {
		opens.Add(1)
		p, err := openDevice(&real)
		return countingPort{p, &reads}, err
	}
	l := opened(t, cfg)
	done := make(chan error)
	go func() { done <- l.Serve(transporttest.NewCollect(1)) }()
	before, begun := cpu(t), time.Now()
	few := func() int64 { return 10 * int64(time.Since(begun)/time.Second+1) }
	time.Sleep(time.Second) // what is measured
	if n := reads.Load(); n > few() {
		t.Errorf("%d reads in a second of silence", n)
	}
	far.Close()
	time.Sleep(2 * time.Second)
	for end := time.Now().Add(10 * time.Second); opens.Load() < 2 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	if n := reads.Load(); n > few() {
		t.Errorf("%d reads after the line hung up", n)
	}
	if n := opens.Load(); n < 2 || n > few() {
		t.Errorf("opened %d times", n)
	}
	t.Logf("a second of silence and two of an unplugged line: %d reads, %d attempts to open, %v of CPU", reads.Load(), opens.Load(), cpu(t)-before)
	l.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func cpu(t *testing.T) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Two programs on one line is a mistake that is told, with the other's name.
func TestInUse(t *testing.T) {
	_, device := pty(t)
	cfg := onDevice("hdlc", device)
	first, err := openDevice(&cfg)
	if err != nil {
		t.Fatal(err)
	}
	_, err = openDevice(&cfg)
	if !errors.Is(err, errInUse) { // by the lock: this process is not among the holders
		t.Errorf("got %v", err)
	}
	first.Close()
	second, err := openDevice(&cfg)
	if err != nil {
		t.Fatal(err)
	}
	second.Close()
}

func TestExplains(t *testing.T) {
	cfg := onDevice("hdlc", "/dev/snbroker-not-there")
	if _, err := openDevice(&cfg); err == nil || !strings.Contains(err.Error(), "is it plugged in?") {
		t.Errorf("got %v", err)
	}
	cfg.Device = t.TempDir() + "/file"
	os.WriteFile(cfg.Device, nil, 0o600)
	if _, err := openDevice(&cfg); !errors.Is(err, errNoTerminal) {
		t.Errorf("got %v", err)
	}
	_, device := pty(t)
	err := explain(device, &os.PathError{Op: "open", Path: device, Err: syscall.EACCES})
	if !strings.Contains(err.Error(), "group") {
		t.Errorf("got %v", err)
	}
	if got := advice("dialout", "pi", 0o660); got != "it belongs to group dialout: sudo usermod -aG dialout pi, then log in again, or restart the service" {
		t.Errorf("got %s", got)
	}
	if got := inWords([]string{"ModemManager (pid 612)"}); got != "ModemManager (pid 612)" {
		t.Errorf("got %s", got)
	}
}

// Rates that no table has, and what a terminal without hardware can be asked.
func TestDeviceSettings(t *testing.T) {
	_, path := pty(t)
	for _, baud := range []int{9600, 250_000, 12_345} {
		cfg := onDevice("hdlc", path)
		cfg.Baud, cfg.Mode, cfg.RTSCTS = baud, "8E2", true
		p, err := openDevice(&cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctl := p.(*device).control
		s, err := unix.IoctlGetTermios(ctl.fd, getTermios2)
		if err != nil || int(s.Ospeed) != baud || s.Cflag&unix.CRTSCTS == 0 {
			t.Errorf("%d baud: %+v, %v", baud, s, err)
		}
		p.Close()
	}
	cfg := onDevice("hdlc", path)
	cfg.RS485 = true
	if _, err := openDevice(&cfg); err == nil || !strings.HasSuffix(err.Error(), "turn rs485 off if the transceiver switches by itself") {
		t.Errorf("got %v", err)
	}
}

// A Write that nobody takes does not keep Close waiting.
func TestCloseWhileStuck(t *testing.T) {
	_, name := pty(t)
	cfg := onDevice("hdlc", name)
	p, err := openDevice(&cfg)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		b := make([]byte, 1<<10)
		for {
			if _, err := p.Write(b); err != nil {
				done <- err
				return
			}
		}
	}()
	full := func() bool { // the terminal's buffers, which nobody empties
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(p.(*device).control.fd), Events: unix.POLLOUT}}, 0)
		return n == 0 && err == nil
	}
	for end := time.Now().Add(10 * time.Second); !full(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the terminal takes all that is written")
		}
	}
	begun := time.Now()
	p.Close()
	select {
	case err := <-done:
		if !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrClosed) {
			t.Errorf("got %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Write did not end")
	}
	t.Logf("closed after %v", time.Since(begun))
}

// A program that sets the terminal up anew, as stty and socat do, does not keep the
// line from being read, or closed.
func TestCloseAfterOtherSettings(t *testing.T) {
	far, name := pty(t)
	cfg := onDevice("hdlc", name)
	port, err := openDevice(&cfg)
	if err != nil {
		t.Fatal(err)
	}
	fd := int(far.Fd())
	settings, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	settings.Cc[unix.VMIN], settings.Cc[unix.VTIME] = 1, 0 // a read waits for ever
	if err := unix.IoctlSetTermios(fd, unix.TCSETS, settings); err != nil {
		t.Fatal(err)
	}
	if n, err := port.Read(make([]byte, 1)); n != 0 || err != nil {
		t.Errorf("read %d octets of a silent line, %v", n, err)
	}
	if _, err := far.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if n, err := port.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Errorf("read %d octets, %v", n, err)
	}
	read := make(chan error, 1)
	go func() {
		for {
			if _, err := port.Read(make([]byte, 1)); err != nil {
				read <- err
				return
			}
		}
	}()
	if err := port.Close(); err != nil {
		t.Error(err)
	}
	if err := <-read; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Read ended with %v", err)
	}
}
