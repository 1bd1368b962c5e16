package main

import (
	"flag"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
)

func printVersion(args []string, stdout, stderr io.Writer) int {
	if code, done := parse(flag.NewFlagSet("version", flag.ContinueOnError), help, args, stdout, stderr); done {
		return code
	}
	fmt.Fprintf(stdout, "snbroker %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return exitOK
}

// release is a package's version; those who build packages set it.
var release string

// version is the package's version, the module's, or the commit it was built from.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	var commit, changed string
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+changes"
		}
	}
	v := info.Main.Version
	if v == "" {
		v = "(devel)"
	}
	// A version made from a commit names it already.
	if commit != "" && !strings.Contains(v, commit) {
		v += " " + commit + changed
	}
	return v
}
