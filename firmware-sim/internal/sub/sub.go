// Package sub is the subcommand that subscribes.
package sub

import (
	"context"
	"errors"
	"fmt"
	"time"

	"snbroker/firmware-sim/internal/cli"
	"snbroker/firmware-sim/internal/device"
	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
)

var Command = cli.Command{
	Name:    "sub",
	Summary: "subscribe as one device, awake or asleep, and print what comes",
	Run:     run,
}

const intro = `
Usage: firmware-sim sub (-t FILTER | -T ID | -s XY) ... [flags]

Subscribes as an MQTT-SN device and prints each message's payload on a line,
until Ctrl-C. When the gateway goes away it connects again. With -sleep it is a
sleeping device: the gateway keeps its messages, and it wakes up from time to
time to take them.

Examples:
  firmware-sim sub -t attic/temperature
  firmware-sim sub -t 'attic/#' -t 'cellar/+/door' -v       topic before payload
  firmware-sim sub -T 7 -s tt -q 1                          predefined id and short name
  firmware-sim sub -t attic/set -C 1 -W 30s                 one message, or fail after 30 s
  firmware-sim sub -t attic/set -q 1 -sleep 10s -d          asleep, seen over the wire
  firmware-sim sub -t attic/set -q 1 -i d7 -c=false         with a persistent session
`

type command struct {
	env     cli.Env
	device  device.Flags
	topics  device.Topics
	qos     device.QoS
	count   int
	timeout time.Duration
	sleep   time.Duration
	verbose bool
	got     int           // by the Conn's goroutine
	enough  chan struct{} // closed after -C messages
}

func run(ctx context.Context, env cli.Env, args []string) error {
	c := command{env: env, qos: 0, enough: make(chan struct{})}
	f := cli.Flags(env, "sub", intro)
	c.topics.Register(f.FlagSet, " or filter; + and # are wildcards; may be repeated")
	f.Var(&c.qos, "q", "highest QoS `level`: 0, 1 or 2")
	f.IntVar(&c.count, "C", 0, "exit after this `number` of messages")
	f.DurationVar(&c.timeout, "W", 0, "exit after this `time`; with -C, fail if messages are missing then")
	f.DurationVar(&c.sleep, "sleep", 0, "sleep for this `time` again and again, in whole seconds")
	f.BoolVar(&c.verbose, "v", false, "print the topic before the payload")
	c.device.Register(f.FlagSet)
	if err := f.Parse(args); err != nil {
		return err
	}
	if err := c.validate(); err != nil {
		return err
	}
	cfg, err := c.device.Config()
	if err != nil {
		return err
	}
	cfg.OnMessage = c.print
	return c.listen(ctx, cfg)
}

func (c *command) validate() error {
	switch {
	case len(c.topics) == 0:
		return cli.Usagef("sub", "say what to subscribe to with -t, -T or -s")
	case mqttsn.QoS(c.qos) == mqttsn.QoSMinusOne:
		return cli.Usagef("sub", "-q is 0, 1 or 2 here: -1 is for publishing")
	case c.count < 0 || c.timeout < 0:
		return cli.Usagef("sub", "-C and -W are not negative")
	case c.sleep != 0 && (c.sleep < time.Second || c.sleep > 65535*time.Second || c.sleep%time.Second != 0):
		return cli.Usagef("sub", "-sleep is in whole seconds, from 1s to 65535s")
	}
	return nil
}

// errTimeout ends the context when -W is over.
var errTimeout = errors.New("time is over")

func (c *command) listen(ctx context.Context, cfg client.Config) error {
	conn, err := c.device.Connect(ctx, c.env.Stderr, cfg)
	if err != nil {
		return err
	}
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.timeout, errTimeout)
		defer cancel()
	}
	subscribed := false // once
	for again := (retry{}); ; {
		began := time.Now()
		err := c.subscribe(ctx, conn)
		if err == nil {
			subscribed = true
			err = c.wait(ctx, conn)
		}
		device.Close(conn) // so that got is ours
		if !subscribed || !gone(err) || ctx.Err() != nil {
			return c.outcome(ctx, err)
		}
		fmt.Fprintf(c.env.Stderr, "%v. Connecting again\n", c.device.Explain(err))
		again.heldFor(time.Since(began))
		if conn, err = c.connectAgain(ctx, cfg, &again); err != nil {
			return c.outcome(ctx, err)
		}
	}
}

func (c *command) subscribe(ctx context.Context, conn *client.Conn) error {
	for _, t := range c.topics {
		granted, err := conn.Subscribe(ctx, t, mqttsn.QoS(c.qos), c.print)
		if err != nil {
			return err
		}
		if granted < mqttsn.QoS(c.qos) {
			fmt.Fprintf(c.env.Stderr, "%v: granted QoS %v\n", t, granted)
		}
	}
	return nil
}

// wait returns nil for enough, and otherwise an error.
func (c *command) wait(ctx context.Context, conn *client.Conn) error {
	if c.sleep > 0 {
		if err := conn.Sleep(ctx, c.sleep); err != nil {
			return err
		}
	}
	for {
		var wake <-chan time.Time
		if c.sleep > 0 {
			wake = time.After(c.sleep)
		}
		select {
		case <-c.enough:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-conn.Done():
			return conn.Err()
		case <-wake:
		}
		// The gateway's count of the sleep begins again by itself.
		if err := conn.Wake(ctx); err != nil && !errors.Is(err, client.ErrAwakeCutShort) {
			return err
		}
	}
}

// outcome: running until told to stop is success, unless -C asked for more.
func (c *command) outcome(ctx context.Context, err error) error {
	switch {
	case c.count > 0 && c.got == c.count:
		return nil
	case ctx.Err() == nil || !errors.Is(err, ctx.Err()):
		return c.device.Explain(err)
	case c.count == 0:
		return nil
	case errors.Is(context.Cause(ctx), errTimeout):
		return fmt.Errorf("%d of %d messages within %v: is anything published there? Try -v -d", c.got, c.count, c.timeout)
	}
	return fmt.Errorf("interrupted after %d of %d messages", c.got, c.count)
}

// print runs on the Conn's goroutine.
func (c *command) print(m *client.Message) {
	if c.count > 0 && c.got == c.count {
		return
	}
	line := make([]byte, 0, len(m.Payload)+64)
	if c.verbose {
		line = append(append(line, m.Topic.String()...), ' ')
	}
	line = append(append(line, m.Payload...), '\n')
	c.env.Stdout.Write(line)
	if c.got++; c.got == c.count {
		close(c.enough)
	}
}
