//go:build !linux

package broker

// machineUptime is not known here: the wall clock has to do.
func machineUptime() int64 { return 0 }
