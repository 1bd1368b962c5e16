package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"snbroker/internal/config"
)

// check validates a file and prints every problem.
func check(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	file := flags.String("config", "", "")
	if code, done := parse(flags, help, args, stdout, stderr); done {
		return code
	}
	if *file == "" {
		fmt.Fprintln(stderr, "snbroker: check needs a file: snbroker check -config FILE")
		return exitUsage
	}
	cfg, err := config.Load(*file, os.Environ())
	if err == nil {
		err = errors.Join(checkTLS(cfg), checkAuth(cfg), checkAdmin(cfg))
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	fmt.Fprintf(stdout, "%s: ok\n", *file)
	return exitOK
}
