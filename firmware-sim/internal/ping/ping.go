// Package ping is the subcommand that measures round trips.
package ping

import (
	"context"
	"errors"
	"fmt"
	"time"

	"snbroker/firmware-sim/internal/cli"
	"snbroker/firmware-sim/internal/device"
)

var Command = cli.Command{
	Name:    "ping",
	Summary: "measure how long a gateway takes to answer",
	Run:     run,
}

const intro = `
Usage: firmware-sim ping [flags]

Connects, sends PINGREQ after PINGREQ, and prints how long each answer took,
with a summary at the end, which Ctrl-C brings about. With -connect=false it
sends PINGREQ as a stranger; a gateway may answer that with DISCONNECT, which
counts, or now and then, or not at all.

The exit code is 1 if nothing was answered.

Examples:
  firmware-sim ping
  firmware-sim ping -gateway 192.168.1.10:1883 -C 5
  firmware-sim ping -C 100 -interval 10ms
`

type command struct {
	env      cli.Env
	device   device.Flags
	count    int
	interval time.Duration
	timeout  time.Duration
	connect  bool
}

func run(ctx context.Context, env cli.Env, args []string) error {
	c := command{env: env}
	f := cli.Flags(env, "ping", intro)
	f.IntVar(&c.count, "C", 0, "stop after this `number`; 0 is never")
	f.DurationVar(&c.interval, "interval", time.Second, "`time` from one PINGREQ to the next")
	f.DurationVar(&c.timeout, "W", time.Second, "longest `time` to wait for an answer")
	f.BoolVar(&c.connect, "connect", true, "CONNECT first")
	c.device.Register(f.FlagSet)
	if err := f.Parse(args); err != nil {
		return err
	}
	if c.count < 0 || c.interval <= 0 || c.timeout <= 0 {
		return cli.Usagef("ping", "-C is not negative, and -interval and -W are more than 0")
	}
	cfg, err := c.device.Config()
	if err != nil {
		return err
	}
	nc, err := c.device.Dial(ctx, env.Stderr)
	if err != nil {
		return err
	}
	l := newLink(ctx, nc, cfg)
	defer l.close()
	if c.connect {
		if err := l.connect(); err != nil {
			return c.device.Explain(err)
		}
	}
	fmt.Fprintf(env.Stdout, "PING %s\n", c.device.Gateway)
	s := summary{begun: time.Now()}
	err = c.pings(ctx, l, &s)
	s.print(env.Stdout, c.device.Gateway)
	if err == nil && s.answered == 0 {
		err = fmt.Errorf("no answer from %s: is a gateway listening there?", c.device.Gateway)
	}
	return c.device.Explain(err)
}

func (c *command) pings(ctx context.Context, l *link, s *summary) error {
	for i := 1; c.count == 0 || i <= c.count; i++ {
		begun := time.Now()
		s.sent++
		answer, err := l.ping(begun.Add(c.timeout))
		trip := time.Since(begun)
		switch {
		case errors.Is(err, errNone):
			fmt.Fprintf(c.env.Stdout, "%d: no answer within %v\n", i, c.timeout)
		case ctx.Err() != nil:
			s.sent--
			return nil
		case err != nil:
			return err
		default:
			s.add(trip)
			fmt.Fprintf(c.env.Stdout, "%d: %v after %s\n", i, answer, milliseconds(trip))
		}
		if i == c.count {
			break
		}
		// Keeping an eye on the gateway between pings too.
		if err := l.serve(begun.Add(c.interval)); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
	}
	return nil
}
