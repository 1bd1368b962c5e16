package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"snbroker/firmware-sim/internal/cli"
	"snbroker/firmware-sim/internal/decode"
	"snbroker/firmware-sim/internal/discover"
	"snbroker/firmware-sim/internal/ping"
	"snbroker/firmware-sim/internal/pub"
	"snbroker/firmware-sim/internal/run"
	"snbroker/firmware-sim/internal/sub"
)

const program = "firmware-sim"

// commands are the subcommands, in the order of the help. One more is a
// package with a Command, and a line here.
var commands = []cli.Command{
	run.Command,
	run.List,
	pub.Command,
	sub.Command,
	ping.Command,
	discover.Command,
	decode.Command,
}

// implied is the subcommand of a command line that begins with a flag.
const implied = "run"

func dispatch(ctx context.Context, env cli.Env, args []string) int {
	if len(args) == 0 || slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]) {
		if len(args) < 2 {
			help(env.Stdout)
			return cli.ExitOK
		}
		args = []string{args[1], "--help"}
	}
	name, rest := args[0], args[1:]
	if strings.HasPrefix(name, "-") {
		name, rest = implied, args
	}
	i := slices.IndexFunc(commands, func(c cli.Command) bool { return c.Name == name })
	if i >= 0 {
		return cli.Exit(env, program, commands[i].Run(ctx, env, rest))
	}
	return cli.Exit(env, program, cli.Usagef("", "there is no subcommand %q", name))
}

func help(w io.Writer) {
	fmt.Fprintf(w, "%s plays MQTT-SN devices against a gateway.\n\nUsage: %s COMMAND [flags]\n\nCommands:\n", program, program)
	for _, c := range commands {
		fmt.Fprintf(w, "  %-10s %s\n", c.Name, c.Summary)
	}
	fmt.Fprint(w, examples)
}

const examples = `
Examples, against a gateway on this machine:
  firmware-sim -devices 1000                       a whole fleet, judged
  firmware-sim sub -t 'attic/#' -v                 listen, in one terminal
  firmware-sim pub -t attic/temperature -m 21.5    publish, in another
  firmware-sim sub -t attic/set -q 1 -sleep 10s    be a device that sleeps
  firmware-sim pub -q -1 -s tt -m on               one datagram, no connection
  firmware-sim ping -C 3                           see whether it answers
  firmware-sim decode 08 04 04 01 00 3C 63 31      read a datagram

A gateway elsewhere is -gateway host:port, and -d shows what goes over the
wire. Each command explains itself: firmware-sim pub --help

Exit codes: 0 done, 1 failed, 2 wrong command line.
`
