package run

import (
	"context"
	"fmt"
	"io"

	"snbroker/firmware-sim/internal/cli"
	"snbroker/firmware-sim/internal/scenario"
)

// List shows the scenarios within the program.
var List = cli.Command{Name: "list", Summary: "show the scenarios to run, or the text of one", Run: list}

func list(_ context.Context, env cli.Env, args []string) error {
	f := cli.Flags(env, "list", `
list shows the scenarios within the program, and list NAME the text of one.

Examples:
  firmware-sim list
  firmware-sim list default > my.toml`)
	if err := f.ParseSome(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		text, err := scenario.Source(f.Arg(0))
		if err != nil {
			return err
		}
		_, err = io.WriteString(env.Stdout, text)
		return err
	}
	for _, name := range scenario.Shipped() {
		s, err := scenario.Load(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(env.Stdout, "%-16s %s\n", name, s.About)
	}
	return nil
}
