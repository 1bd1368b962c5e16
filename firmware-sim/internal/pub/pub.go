// Package pub is the subcommand that publishes.
package pub

import (
	"context"
	"strings"

	"snbroker/firmware-sim/internal/cli"
	"snbroker/firmware-sim/internal/device"
	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
)

var Command = cli.Command{
	Name:    "pub",
	Summary: "publish messages as one device",
	Run:     run,
}

const intro = `
Usage: firmware-sim pub (-t NAME | -T ID | -s XY) (-m MESSAGE | -f FILE | -l | -n) [flags]

Publishes as an MQTT-SN device: connects, registers the topic name if it has
one, publishes, waits for what the QoS promises, and disconnects.

Examples:
  firmware-sim pub -t attic/temperature -m 21.5
  firmware-sim pub -t attic/temperature -m 21.5 -q 1 -r     at QoS 1, retained
  firmware-sim pub -t attic/temperature -n -r               remove what is retained
  firmware-sim pub -q -1 -T 7 -m on                         one datagram, no connection
  firmware-sim pub -s tt -m hi -d                           show what goes over the wire
  firmware-sim pub -t log -q 2 -f report.bin                a file as one message
  sensors | firmware-sim pub -t attic/sensors -l            a message for each line
`

type command struct {
	env    cli.Env
	device device.Flags
	topics device.Topics
	qos    device.QoS
	retain bool
	source source
}

func run(ctx context.Context, env cli.Env, args []string) error {
	c := command{env: env}
	f := cli.Flags(env, "pub", intro)
	c.topics.Register(f.FlagSet, "")
	f.Var(&c.qos, "q", "QoS `level`: 0, 1 or 2, or -1 to publish without a connection")
	f.BoolVar(&c.retain, "r", false, "retain the message")
	c.source.register(f.FlagSet)
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
	if c.minusOne() {
		return c.publishMinusOne(ctx)
	}
	return c.publish(ctx, cfg)
}

func (c *command) minusOne() bool { return mqttsn.QoS(c.qos) == mqttsn.QoSMinusOne }

func (c *command) validate() error {
	if len(c.topics) != 1 {
		return cli.Usagef("pub", "say where to publish with one of -t, -T and -s")
	}
	if strings.ContainsAny(c.topics[0].Name, "+#") {
		return cli.Usagef("pub", "%q has a wildcard, which is for subscribing", c.topics[0].Name)
	}
	if c.minusOne() && c.topics[0].Type == mqttsn.TopicNormal {
		return cli.Usagef("pub", "-q -1 has no connection to register a name on: use -T or -s instead of -t")
	}
	return c.source.validate()
}

func (c *command) publish(ctx context.Context, cfg client.Config) error {
	conn, err := c.device.Connect(ctx, c.env.Stderr, cfg)
	if err != nil {
		return err
	}
	defer device.Close(conn)
	// A source can be silent for long, and the connection end meanwhile.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go cancelAfter(conn, cancel)
	err = c.source.each(ctx, c.env.Stdin, func(payload []byte) error {
		return conn.Publish(ctx, c.topics[0], payload, mqttsn.QoS(c.qos), c.retain)
	})
	return c.device.Explain(why(conn, err))
}

// cancelAfter ends with the connection, which publish closes.
func cancelAfter(conn *client.Conn, cancel context.CancelCauseFunc) {
	<-conn.Done()
	cancel(conn.Err())
}

// why prefers the end of the connection to its consequences.
func why(conn *client.Conn, err error) error {
	if err != nil && conn.Err() != nil {
		return conn.Err()
	}
	return err
}

func (c *command) publishMinusOne(ctx context.Context) error {
	nc, err := c.device.Dial(ctx, c.env.Stderr)
	if err != nil {
		return err
	}
	defer nc.Close()
	return c.device.Explain(c.source.each(ctx, c.env.Stdin, func(payload []byte) error {
		return client.PublishMinusOne(nc, c.topics[0], payload, c.retain)
	}))
}
