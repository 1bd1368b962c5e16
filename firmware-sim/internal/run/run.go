// Package run is the commands that play scenarios, and list them.
package run

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"snbroker/firmware-sim/internal/cli"
	"snbroker/firmware-sim/internal/fleet"
	"snbroker/firmware-sim/internal/report"
	"snbroker/firmware-sim/internal/scenario"
	"snbroker/firmware-sim/internal/secure"
)

// Command plays a scenario.
var Command = cli.Command{Name: "run", Summary: "play a fleet of devices, and judge what comes of it", Run: run}

const intro = `
run plays a fleet of devices against a gateway, and checks with an MQTT client
at the broker that nothing is lost, repeated or out of order beyond what its QoS
allows. It ends with 0 if all is as promised, and with 1 if not.

  firmware-sim -devices 1000                         the default scenario
  firmware-sim run smart-meters -report meters.html  another one, and its report
  firmware-sim run my.toml -virtual                  a file, in virtual time

"firmware-sim list" shows the scenarios within the program, and
"firmware-sim list NAME" the text of one, to begin a file with.`

const usualGateway = "127.0.0.1:1883"

// options are the command line's.
type options struct {
	name                    string
	devices                 int
	speed                   float64
	duration                time.Duration
	gateway, broker, prefix string
	seed                    uint64
	security                secure.Flags
	virtual, quiet          bool
	html, json, junit, csv  string
}

func parse(env cli.Env, args []string) (o options, err error) {
	f := cli.Flags(env, "run", intro)
	f.IntVar(&o.devices, "devices", 0, "how many `devices` (default: the scenario's)")
	f.DurationVar(&o.duration, "duration", 0, "how long they publish, such as 15s (default: the scenario's)")
	f.Float64Var(&o.speed, "speed", 1, "how many `times` faster everything happens, radios included: a day in minutes")
	f.StringVar(&o.gateway, "gateway", "", "`host:port` of the gateway, MQTT-SN over UDP; dtls://host:port; serial:///dev/NAME?baud=115200&framing=hdlc, or tcp://host:port?framing=hdlc of a line that a server offers; several for devices that roam, with commas (default: the scenario's, or "+usualGateway+")")
	o.security.Register(f.FlagSet, "with dtls://, a pre-shared key: `identity:hexkey`, or identity:@FILE with such lines; {population}, {n} and {id} in the identity are the device's")
	f.StringVar(&o.broker, "broker", "127.0.0.1:1883", "`host:port` of the broker, MQTT over TCP, where the check listens")
	f.Uint64Var(&o.seed, "seed", 1, "fixes every random choice")
	f.StringVar(&o.prefix, "prefix", "", "`text` before every client id, for several fleets at one gateway")
	f.BoolVar(&o.virtual, "virtual", false, "plays in virtual time against a gateway in memory; a day takes seconds")
	f.BoolVar(&o.quiet, "quiet", false, "shows the result alone")
	f.StringVar(&o.html, "report", "", "writes a page with charts to this `file`")
	f.StringVar(&o.json, "json", "", "writes the result as JSON to this `file`")
	f.StringVar(&o.junit, "junit", "", "writes the result as JUnit XML to this `file`")
	f.StringVar(&o.csv, "csv", "", "writes a line for every device to this `file`")
	if err := f.ParseSome(args); err != nil {
		return o, err
	}
	o.name = scenario.Default
	if f.NArg() > 0 { // the name may stand before the flags, too
		o.name = f.Arg(0)
		if err := f.Parse(f.Args()[1:]); err != nil {
			return o, err
		}
	}
	switch {
	case o.devices < 0 || o.duration < 0:
		return o, cli.Usagef("run", "-devices and -duration are more than 0")
	case o.speed < 0.001 || o.speed > 100_000:
		return o, cli.Usagef("run", "-speed is from 0.001 to 100000")
	case len(o.prefix) > 8:
		return o, cli.Usagef("run", "-prefix has at most 8 octets: a client id has 23 in all")
	}
	return o, nil
}

func run(ctx context.Context, env cli.Env, args []string) error {
	o, err := parse(env, args)
	if err != nil {
		return err
	}
	s, err := scenario.Load(o.name)
	if err != nil {
		return err
	}
	if o.gateway == "" {
		o.gateway = cmp.Or(s.Gateway, usualGateway)
	}
	if o.devices > 0 {
		if err := s.Scale(o.devices); err != nil {
			return cli.Usagef("run", "%v", err)
		}
	}
	if o.speed != 1 {
		s.Hasten(o.speed)
	}
	if o.duration > 0 {
		s.Duration = o.duration
	}
	// A gateway is to be filled, not to be flooded: that is what storms are for.
	const fastest = 10_000 // devices switched on in a second
	if !o.virtual {
		s.Ramp = max(s.Ramp, time.Duration(s.Devices)*time.Second/fastest)
	}
	s.Ramp = min(s.Ramp, s.Duration/3)
	play := real
	if o.virtual {
		play = virtual
	}
	f, r, err := play(ctx, env, o, s)
	if err != nil {
		return err
	}
	r.Interrupted = ctx.Err() != nil
	if err := r.Text(env.Stdout); err != nil {
		return err
	}
	if err := o.write(f, r); err != nil {
		return err
	}
	return r.Failure()
}

// write writes the files that were asked for.
func (o *options) write(f *fleet.Fleet, r *report.Run) error {
	for _, w := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{o.html, r.HTML}, {o.json, r.JSON}, {o.junit, r.JUnit},
		{o.csv, func(w io.Writer) error { return report.CSV(w, f.Each) }},
	} {
		if w.name == "" {
			continue
		}
		file, err := os.Create(w.name)
		if err != nil {
			return err
		}
		err = w.write(file)
		if closed := file.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	return nil
}
