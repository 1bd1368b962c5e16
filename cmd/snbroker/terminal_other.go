//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package main

import (
	"errors"
	"os"
)

// hideInput cannot, here.
func hideInput(*os.File) (show func(), err error) { return nil, errors.ErrUnsupported }
