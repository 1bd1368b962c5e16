package main

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"snbroker/internal/config"
)

// mqttTable and mqttsnTable name where a listener is set.
func mqttTable(l *config.MQTTListener) string { return tableAt("[[mqtt.listener]]", l.Origin()) }
func mqttsnTable(l *config.MQTTSNListener) string {
	return tableAt("[[mqttsn.listener]]", l.Origin())
}

func tableAt(table, origin string) string {
	if origin == "" {
		return table
	}
	return table + " (" + origin + ")"
}

// explain says what to do about an address that cannot be had, and keeps the
// cause.
func explain(network, address, table string, err error) error {
	var errno syscall.Errno
	cause := err
	if errors.As(err, &errno) {
		cause = errno // without the parts that are told here
	}
	at := fmt.Sprintf("listen %s %s", network, address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s: %w: another broker or gateway has this port (mosquitto?); stop it, or set address in %s", at, cause, table)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("%s: %w: no interface of this machine has this address; set address in %s", at, cause, table)
	case errors.Is(err, fs.ErrPermission) && network != "unix":
		return fmt.Errorf("%s: %w: ports below 1024 need root or CAP_NET_BIND_SERVICE; or set address in %s", at, cause, table)
	}
	return fmt.Errorf("%w; address is set in %s", err, table)
}
