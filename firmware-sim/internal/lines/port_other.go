//go:build !linux || ppc64 || ppc64le

package lines

import "errors"

func (t *target) openDevice() (stream, error) {
	return nil, errors.New("serial devices are for Linux; elsewhere take tcp://host:port, with ser2net at the device")
}
