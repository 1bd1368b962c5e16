//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package main

import (
	"errors"
	"os"
)

// hideInput cannot, here.
func hideInput(f *os.File) (show func(), err error) {
	if !isTerminal(f) {
		return nil, errNoTerminal
	}
	return nil, errors.ErrUnsupported
}
