package main

import (
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snbroker/internal/store"
)

// fakeLED is a folder as the kernel has them.
func fakeLED(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"trigger": "[none] timer mmc0\n", "brightness": "0\n", "max_brightness": "255\n", "delay_on": "0\n", "delay_off": "0\n"} {
		rewrite(t, filepath.Join(dir, name), text)
	}
	return dir
}

func showsAs(t *testing.T, dir string) string {
	t.Helper()
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if read("trigger") == "timer" {
		return read("delay_on") + "/" + read("delay_off")
	}
	return read("trigger") + " " + read("brightness")
}

func waitFor(t *testing.T, dir, want string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); showsAs(t, dir) != want; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it shows %s, want %s", showsAs(t, dir), want)
		}
	}
}

// The light follows clients, devices and the disk, and goes out at the end.
func TestLED(t *testing.T) {
	dir := fakeLED(t)
	s, err := start(configured(t, anyPort+"[status]\nled = \""+dir+"\"\n"), quietly)
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, dir, "100/1900")
	client := dial(t, "tcp", s.clients[0].Addr().String())
	client.ask(mqttConnect, mqttConnack)
	waitFor(t, dir, "none 255")
	s.storeHealth(store.ErrFull)
	waitFor(t, dir, "100/100")
	s.storeHealth(nil)
	waitFor(t, dir, "none 255")
	client.Close()
	waitFor(t, dir, "100/1900")
	device := dial(t, "udp", s.devices[0].udp.LocalAddr().String())
	device.ask(snConnect, snConnack)
	waitFor(t, dir, "none 255")
	other := fakeLED(t)
	s.reloadLED(other)
	waitFor(t, dir, "none 0")
	waitFor(t, other, "none 255")
	s.stop()
	if got := showsAs(t, other); got != "none 0" {
		t.Errorf("at the end it shows %s", got)
	}
}

// The kernel makes a trigger's files as root's: udev is given a moment, and without
// it the log says what to do, once.
func TestLEDPermission(t *testing.T) {
	for _, after := range []int{5, 1000} { // tries until udev has done its part
		synctest.Test(t, func(t *testing.T) {
			var said logBuffer
			tries, delay := 0, ""
			l := newLED("/sys/class/leds/ACT", func() light { return slowly }, slog.New(slog.NewTextHandler(&said, nil)))
			l.write = func(file, text string) error {
				if filepath.Base(file) == "delay_on" {
					if tries++; tries < after {
						return &fs.PathError{Op: "open", Path: file, Err: fs.ErrPermission}
					}
					delay = text
				}
				return nil
			}
			l.start()
			time.Sleep(time.Minute)
			l.change()
			synctest.Wait()
			l.stop()
			if worked := after < settleTries; worked != (delay == "100") || worked != (said.String() == "") {
				t.Errorf("after %d tries: %q\n%s", tries, delay, said.String())
			} else if !worked && (strings.Count(said.String(), "level=WARN") != 1 || !strings.Contains(said.String(), "ReadWritePaths=/sys/class/leds/ACT")) {
				t.Errorf("%s", said.String())
			}
		})
	}
}

func TestLEDThatIsNotThere(t *testing.T) {
	var said logBuffer
	l := newLED(filepath.Join(t.TempDir(), "ACT"), func() light { return steady }, slog.New(slog.NewTextHandler(&said, nil)))
	l.start()
	l.stop()
	if !strings.Contains(said.String(), "set led in [status] to one of the folders in") {
		t.Errorf("%s", said.String())
	}
}
