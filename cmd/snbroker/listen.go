package main

import (
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"syscall"
)

// listen opens a socket for clients.
func listen(network, address string) (net.Listener, error) {
	if network == "tcp" && isIPv4(address) {
		network = "tcp4" // package net takes IPv6 in, too, at 0.0.0.0
	}
	l, err := net.Listen(network, address)
	if network == "unix" && errors.Is(err, syscall.EADDRINUSE) && abandoned(address) {
		l, err = net.Listen(network, address)
	}
	return l, err
}

// abandoned removes a Unix socket that an earlier run, killed, has left behind:
// nobody answers there.
func abandoned(path string) bool {
	conn, err := net.Dial("unix", path)
	if err == nil {
		conn.Close()
		return false
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return false
	}
	info, err := os.Lstat(path)
	return err == nil && info.Mode()&fs.ModeSocket != 0 && os.Remove(path) == nil
}

func isIPv4(address string) bool {
	a, err := netip.ParseAddrPort(address)
	return err == nil && a.Addr().Is4()
}
