package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// light is what a status LED shows.
type light uint8

const (
	dark     light = iota
	steady         // somebody is connected
	slowly         // nobody is
	fast           // something is wrong, or the start is not over
	noLights       // how many there are
)

// blinks are milliseconds on and off; the kernel does it, with its timer trigger.
var blinks = [noLights]struct{ on, off string }{slowly: {"100", "1900"}, fast: {"100", "100"}}

// led is a light below /sys/class/leds. Its goroutine sleeps until something that it
// shows has changed.
type led struct {
	path  string
	log   *slog.Logger
	look  func() light
	write func(file, text string) error

	changed chan struct{} // capacity 1
	quit    chan struct{}
	done    sync.WaitGroup
}

func newLED(path string, look func() light, log *slog.Logger) *led {
	return &led{path: path, log: log, look: look, write: writeAttribute, changed: make(chan struct{}, 1), quit: make(chan struct{})}
}

// writeAttribute writes a file that is there: sysfs has no others.
func writeAttribute(file, text string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// change says that there may be something else to show. It does not wait.
func (l *led) change() {
	if l == nil {
		return
	}
	select {
	case l.changed <- struct{}{}:
	default:
	}
}

func (l *led) start() { l.done.Go(l.run) }

// stop leaves the light dark.
func (l *led) stop() {
	if l != nil {
		close(l.quit)
		l.done.Wait()
	}
}

func (l *led) run() {
	shown, failing := noLights, false
	for {
		if now := l.look(); now != shown {
			err := l.show(now)
			if err != nil && !failing {
				l.log.Warn("the status LED does not show how the program is", "error", err)
			}
			shown, failing = now, err != nil
		}
		select {
		case <-l.changed:
		case <-l.quit:
			if err := l.show(dark); err != nil && !failing {
				l.log.Warn("the status LED stays as it is", "error", err)
			}
			return
		}
	}
}

func (l *led) show(what light) error {
	b := blinks[what]
	if b.on == "" {
		level := "0"
		if what == steady {
			level = l.brightest()
		}
		err := l.set("trigger", "none")
		if err == nil {
			err = l.set("brightness", level)
		}
		return l.explain(err)
	}
	err := l.set("trigger", "timer")
	if err == nil {
		err = l.settle("delay_on", b.on)
	}
	if err == nil {
		err = l.settle("delay_off", b.off)
	}
	return l.explain(err)
}

func (l *led) set(attribute, text string) error {
	return l.write(filepath.Join(l.path, attribute), text)
}

// Attributes of a trigger are made anew with it, as root's. Then udev, which may let
// others write them, is waited for.
const (
	settleTries = 20
	settlePause = 50 * time.Millisecond
)

func (l *led) settle(attribute, text string) error {
	for try := 1; ; try++ {
		err := l.set(attribute, text)
		if err == nil || try == settleTries || !errors.Is(err, fs.ErrPermission) && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		select {
		case <-time.After(settlePause):
		case <-l.quit:
			return err
		}
	}
}

func (l *led) brightest() string {
	text, err := os.ReadFile(filepath.Join(l.path, "max_brightness"))
	if n := strings.TrimSpace(string(text)); err == nil && n != "" {
		return n
	}
	return "1"
}

// explain says what to do about a light that cannot be had.
func (l *led) explain(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: the program's user needs a rule of udev's to write there, and the service ReadWritePaths=%s: see docs/status-led.md", err, l.path)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: set led in [status] to one of the folders in %s", err, filepath.Dir(l.path))
	}
	return err
}

// openLED begins to show how the program is, where a light is set.
func (s *server) openLED() {
	if s.cfg.Status.LED == "" {
		return
	}
	l := newLED(s.cfg.Status.LED, s.light, s.log)
	s.led.Store(l)
	l.start()
}

func (s *server) closeLED() { s.led.Swap(nil).stop() }

// reloadLED takes another light.
func (s *server) reloadLED(path string) {
	if path != s.cfg.Status.LED {
		s.closeLED()
		s.cfg.Status.LED = path
		s.openLED()
	}
}

// light is what is to be shown now.
func (s *server) light() light {
	switch {
	case !s.ready.Load(), s.troubled.Load():
		return fast
	case s.broker.Attached() > 0:
		return steady
	}
	return slowly
}
