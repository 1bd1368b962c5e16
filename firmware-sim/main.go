// Firmware-sim plays devices against an MQTT-SN gateway, any gateway: it knows
// the protocol, and nothing of the one beside it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"snbroker/firmware-sim/internal/cli"
)

func main() {
	// The first Ctrl-C lets the command disconnect, the second one ends it.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	env := cli.Env{Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
	os.Exit(dispatch(ctx, env, os.Args[1:]))
}
