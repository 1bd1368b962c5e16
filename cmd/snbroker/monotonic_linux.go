package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// monotonic is the system's clock that systemd compares with, CLOCK_MONOTONIC.
func monotonic() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // every Linux has this clock
	return time.Duration(t.Nano())
}
