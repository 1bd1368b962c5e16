//go:build !linux

package main

import "time"

// monotonic: systemd, which would ask, is on Linux alone.
func monotonic() time.Duration { return 0 }
