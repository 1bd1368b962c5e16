package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"

	"snbroker/broker"
	"snbroker/internal/config"
	"snbroker/internal/store"
)

// storeTool looks into a store, also while a broker runs on it.
func storeTool(args []string, stdout, stderr io.Writer) int {
	tools := map[string]func(path, to string, out io.Writer) error{
		"stat": storeStat, "verify": storeVerify, "dump": storeDump, "backup": storeBackup,
	}
	verb := ""
	if len(args) > 0 {
		verb, args = args[0], args[1:]
	}
	tool, ok := tools[verb]
	if !ok {
		if verb == "-help" || verb == "-h" || verb == "--help" {
			fmt.Fprint(stdout, storeHelp)
			return exitOK
		}
		fmt.Fprintf(stderr, "snbroker: store needs one of stat, verify, dump, backup\n%s", storeHelp)
		return exitUsage
	}
	flags := flag.NewFlagSet("store "+verb, flag.ContinueOnError)
	path := flags.String("path", "", "")
	to := flags.String("to", "", "")
	if code, done := parse(flags, storeHelp, args, stdout, stderr); done {
		return code
	}
	if *path == "" {
		*path = config.Default().Store.Path
	}
	if (verb == "backup") != (*to != "") {
		fmt.Fprintln(stderr, "snbroker: -to is where a backup goes: snbroker store backup -path DIR -to DIR")
		return exitUsage
	}
	out := bufio.NewWriter(stdout)
	err := tool(*path, *to, out)
	if err = errors.Join(err, out.Flush()); err != nil {
		fmt.Fprintln(stderr, "snbroker:", err)
		return exitFailed
	}
	return exitOK
}

const storeHelp = `Usage:
  snbroker store stat   [-path DIR]           what is in a store, in numbers
  snbroker store verify [-path DIR]           read all of it; exit code 1 if part of it is damaged
  snbroker store dump   [-path DIR]           a line for each record, oldest first, without payloads
  snbroker store backup [-path DIR] -to DIR   a copy that a broker can start from

DIR is [store] path in the settings, "data" by default. All of this may be done
while a broker runs on the store.
`

func storeStat(path, _ string, out io.Writer) error {
	s := broker.NewSummary()
	report, err := store.Inspect(path, s.Visit)
	if err != nil {
		return err
	}
	c := s.Counts()
	fmt.Fprintf(out, "segments        %d\nrecords         %d\noctets          %d\nlast commit     %v\nclosed cleanly  %v\n", report.Segments, report.Records, report.Octets, report.LastCommit.UTC(), report.Clean)
	fmt.Fprintf(out, "sessions        %d\nsubscriptions   %d\nqueued          %d\nretained        %d\n", c.Sessions, c.Subscriptions, c.Queued, c.Retained)
	tellDamage(out, report)
	return nil
}

func storeVerify(path, _ string, out io.Writer) error {
	s := broker.NewSummary()
	report, err := store.Inspect(path, s.Visit)
	if err != nil {
		return err
	}
	tellDamage(out, report)
	skipped := s.Counts().Skipped
	if skipped > 0 {
		fmt.Fprintf(out, "%d records make no sense\n", skipped)
	}
	if len(report.Damage) > 0 || skipped > 0 {
		return errors.New("part of the store is damaged; a broker starts with the rest")
	}
	fmt.Fprintf(out, "%d records in %d segments: ok\n", report.Records, report.Segments)
	return nil
}

func storeDump(path, _ string, out io.Writer) error {
	report, err := store.Inspect(path, func(at store.LSN, record []byte) error {
		_, err := fmt.Fprintf(out, "%v %6d %s\n", at, len(record), broker.DescribeRecord(record))
		return err
	})
	if err != nil {
		return err
	}
	tellDamage(out, report)
	return nil
}

func storeBackup(path, to string, out io.Writer) error {
	report, err := store.Backup(path, to)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d records in %d segments: copied to %s\n", report.Records, report.Segments, to)
	tellDamage(out, report)
	return nil
}

func tellDamage(out io.Writer, r store.Report) {
	for _, d := range r.Damage {
		fmt.Fprintln(out, "damaged:", d)
	}
	if r.Torn != nil {
		fmt.Fprintln(out, "cut short:", r.Torn)
	}
}
