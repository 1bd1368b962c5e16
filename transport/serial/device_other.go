//go:build !linux && !windows && !cgo

package serial

import "errors"

var errNoDevices = errors.New(`this program was built without cgo, and so without serial devices on this system; "tcp://host:port" works`)

func openDevice(c *Config) (Port, error) { return nil, explain(c.Device, errNoDevices) }
