//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package main

import (
	"os"
	"os/signal"
	"sync"

	"golang.org/x/sys/unix"
)

// hideInput has a terminal not show what is typed, until show. A signal that
// ends the program shows it again first.
func hideInput(f *os.File) (show func(), err error) {
	fd := int(f.Fd())
	before, err := unix.IoctlGetTermios(fd, getTermios)
	if err != nil {
		return nil, errNoTerminal
	}
	restore := sync.OnceFunc(func() { _ = unix.IoctlSetTermios(fd, setTermios, before) })
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, append([]os.Signal{unix.SIGHUP, unix.SIGQUIT}, endSignals...)...)
	done := make(chan struct{})
	go func() {
		select {
		case <-ends:
			restore()
			os.Stderr.WriteString("\n")
			os.Exit(exitFailed)
		case <-done:
		}
	}()
	show = func() {
		signal.Stop(ends)
		close(done)
		restore()
	}
	hidden := *before
	hidden.Lflag &^= unix.ECHO
	hidden.Lflag |= unix.ICANON | unix.ISIG
	hidden.Iflag |= unix.ICRNL
	if err := unix.IoctlSetTermios(fd, setTermios, &hidden); err != nil {
		show()
		return nil, err
	}
	return show, nil
}
