// Command snbroker is an MQTT-SN gateway and an MQTT broker in one program.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// run is the program, but for its process.
func run(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		switch args[0] {
		case "check":
			return check(args[1:], stdout, stderr)
		case "config":
			return printConfig(args[1:], stdout, stderr)
		case "import":
			return importSettings(args[1:], stdout, stderr)
		case "passwd":
			return passwd(args[1:], os.Stdin, stdout, stderr)
		case "store":
			return storeTool(args[1:], stdout, stderr)
		case "clients", "kick", "topics", "trace":
			return runOnline(args[0], args[1:], stdout, stderr)
		case "version":
			return printVersion(args[1:], stdout, stderr)
		case "help":
			fmt.Fprint(stdout, help)
			return exitOK
		}
	}
	return serve(args, stdout, stderr)
}

// parse parses flags. done tells that the program is to end with the code:
// help was asked for, which is the text given, or the flags are wrong.
func parse(flags *flag.FlagSet, help string, args []string, stdout, stderr io.Writer) (code int, done bool) {
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, help)
		return exitOK, true
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("unexpected %q", flags.Arg(0))
	case err == nil:
		return 0, false
	}
	fmt.Fprintf(stderr, "snbroker: %v\nsnbroker -help tells what there is.\n", err)
	return exitUsage, true
}
