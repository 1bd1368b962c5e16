//go:build unix

package main

import (
	"os"
	"syscall"
)

var (
	endSignals    = []os.Signal{os.Interrupt, syscall.SIGTERM}
	reloadSignals = []os.Signal{syscall.SIGHUP}
)
