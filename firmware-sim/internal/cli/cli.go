// Package cli is what the subcommands have in common as programs: where they
// read and write, how they fail, and how they explain themselves.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// Exit codes.
const (
	ExitOK     = 0
	ExitFailed = 1
	ExitUsage  = 2
)

// Env is the outside world of a command.
type Env struct {
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
}

// Command is a subcommand. Run returns when it is done or ctx is, which is how
// Ctrl-C arrives; it has cleaned up then.
type Command struct {
	Name    string
	Summary string // one line for the list
	Run     func(ctx context.Context, env Env, args []string) error
}

// UsageError is a command line that makes no sense. Command names the one
// whose help explains it.
type UsageError struct {
	Command string
	Message string
}

func (e *UsageError) Error() string { return e.Message }

// Usagef is a UsageError.
func Usagef(command, format string, args ...any) error {
	return &UsageError{command, fmt.Sprintf(format, args...)}
}

// FlagSet is a command's flags with its help.
type FlagSet struct {
	*flag.FlagSet
	help func()
}

// Flags is an empty FlagSet; intro says what the command does, and shows it.
func Flags(env Env, name, intro string) *FlagSet {
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	// The package would print errors, and the help with each of them. Parse
	// returns the one and prints the other when asked to.
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	return &FlagSet{f, func() {
		fmt.Fprintf(env.Stdout, "%s\n\nFlags:\n", strings.TrimSpace(intro))
		f.SetOutput(env.Stdout)
		f.PrintDefaults()
	}}
}

// Parse parses a command line without arguments beside its flags.
func (f *FlagSet) Parse(args []string) error {
	if err := f.ParseSome(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return Usagef(f.Name(), "unexpected argument %q; every value goes with a flag", f.Arg(0))
	}
	return nil
}

// ParseSome leaves what follows the flags.
func (f *FlagSet) ParseSome(args []string) error {
	err := f.FlagSet.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		f.help()
		return err
	case err != nil:
		return Usagef(f.Name(), "%v", err)
	}
	return nil
}

// Exit reports err as the program's last word, and gives its exit code.
func Exit(env Env, program string, err error) int {
	var usage *UsageError
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return ExitOK
	case errors.As(err, &usage):
		help := program
		if usage.Command != "" {
			help += " " + usage.Command
		}
		fmt.Fprintf(env.Stderr, "%s: %v\nTry: %s --help\n", help, err, help)
		return ExitUsage
	}
	fmt.Fprintf(env.Stderr, "%s: %v\n", program, err)
	return ExitFailed
}
