package broker

import "golang.org/x/sys/unix"

// machineUptime is the time since boot, suspended time included.
func machineUptime() int64 {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return 0
	}
	return t.Nano()
}
