package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"snbroker/internal/config"
)

// printConfig prints the settings in force, and where each is from.
func printConfig(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("config", flag.ContinueOnError)
	file := flags.String("config", "", "")
	if code, done := parse(flags, help, args, stdout, stderr); done {
		return code
	}
	cfg, err := config.Load(*file, os.Environ())
	if err != nil {
		return failed(stderr, err)
	}
	out := bufio.NewWriter(stdout)
	if err := errors.Join(cfg.Print(out), out.Flush()); err != nil {
		fmt.Fprintln(stderr, "snbroker:", err)
		return exitFailed
	}
	return exitOK
}
