package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"

	"snbroker/internal/config"
)

// serve runs the gateway and the broker until a signal or a failure ends them.
func serve(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("snbroker", flag.ContinueOnError)
	file := flags.String("config", "", "")
	var debug bool
	flags.BoolVar(&debug, "v", false, "")
	flags.BoolVar(&debug, "debug", false, "")
	if code, done := parse(flags, help, args, stdout, stderr); done {
		return code
	}
	cfg, err := config.Load(*file, os.Environ())
	if err != nil {
		return failed(stderr, err)
	}
	level := new(slog.LevelVar)
	p := &program{
		file:  *file,
		cfg:   cfg,
		debug: debug,
		level: level,
		log:   newLog(stderr, cfg.Log.Format, level, isJournal(os.Stderr, os.Getenv("JOURNAL_STREAM"))),
		exit:  os.Exit,
	}
	p.setLevel()
	signals := watchSignals()
	defer signals.stop()
	if address := os.Getenv("SNBROKER_PPROF"); address != "" {
		stop, err := servePprof(address, p.log)
		if err != nil {
			return failed(stderr, err)
		}
		defer stop()
	}
	p.manager = findManager(os.Getenv, p.log)
	s, err := start(cfg, p.log)
	if err != nil {
		return failed(stderr, err)
	}
	defer p.manager.watch(s.alive)()
	p.manager.ready(s.summary())
	if isTerminal(stderr) {
		fmt.Fprint(stderr, s.tryIt())
	}
	if err := p.until(signals, s); err != nil {
		return failed(stderr, err)
	}
	return exitOK
}

func failed(stderr io.Writer, err error) int {
	var problems config.Problems
	if errors.As(err, &problems) {
		fmt.Fprintln(stderr, err) // each with its file and line
	} else {
		fmt.Fprintf(stderr, "snbroker: %v\n", err)
	}
	return exitFailed
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
