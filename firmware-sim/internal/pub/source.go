package pub

import (
	"bufio"
	"context"
	"flag"
	"io"
	"os"

	"snbroker/firmware-sim/internal/cli"
	"snbroker/mqttsn"
)

// source is where messages come from: one of -m, -f, -l and -n.
type source struct {
	message string
	file    string
	lines   bool
	null    bool
	set     *flag.FlagSet
}

func (s *source) register(f *flag.FlagSet) {
	s.set = f
	f.StringVar(&s.message, "m", "", "`message` to publish")
	f.StringVar(&s.file, "f", "", "`file` to publish as one message; - is stdin")
	f.BoolVar(&s.lines, "l", false, "publish each line of stdin as a message")
	f.BoolVar(&s.null, "n", false, "publish a message of no octets")
}

func (s *source) validate() error {
	n := 0
	s.set.Visit(func(f *flag.Flag) {
		switch f.Name {
		case "m", "f":
			n++
		case "l", "n":
			if f.Value.String() == "true" {
				n++
			}
		}
	})
	if n != 1 {
		return cli.Usagef("pub", "say what to publish with one of -m, -f, -l and -n")
	}
	return nil
}

// each calls publish for every message.
func (s *source) each(ctx context.Context, stdin io.Reader, publish func([]byte) error) error {
	switch {
	case s.lines:
		return eachLine(ctx, stdin, publish)
	case s.file == "-":
		b, err := io.ReadAll(io.LimitReader(stdin, mqttsn.MaxLength+1))
		if err != nil {
			return err
		}
		return publish(b)
	case s.file != "":
		b, err := os.ReadFile(s.file)
		if err != nil {
			return err
		}
		return publish(b)
	}
	return publish([]byte(s.message)) // or nothing, with -n
}

// eachLine reads on a goroutine of its own, because a Read of stdin does not
// end with ctx. That goroutine is left behind then, for the exit to end: it is
// the one here that nobody waits for.
func eachLine(ctx context.Context, stdin io.Reader, publish func([]byte) error) error {
	lines := make(chan []byte)
	var err error // readLines' until lines is closed
	go readLines(ctx, stdin, lines, &err)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case line, more := <-lines:
			if !more {
				return err
			}
			if err := publish(line); err != nil {
				return err
			}
		}
	}
}

func readLines(ctx context.Context, stdin io.Reader, lines chan<- []byte, err *error) {
	defer close(lines)
	s := bufio.NewScanner(stdin)
	s.Buffer(nil, 2*mqttsn.MaxLength)
	for s.Scan() {
		select {
		// Scan's next reuses what Bytes returns, but only when asked to,
		// which may be while this line is being published.
		case lines <- append([]byte(nil), s.Bytes()...):
		case <-ctx.Done():
			return
		}
	}
	*err = s.Err()
}
