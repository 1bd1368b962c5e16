//go:build unix

package main

import (
	"fmt"
	"os"
	"syscall"
)

// isJournal tells whether f goes to systemd's journal. stream, the variable
// JOURNAL_STREAM, names the journal's file (systemd.exec(5)). A program started
// by a service inherits the variable, so f must be that file.
func isJournal(f *os.File, stream string) bool {
	if stream == "" {
		return false
	}
	info, err := f.Stat()
	if err != nil {
		return false
	}
	at, ok := info.Sys().(*syscall.Stat_t)
	return ok && stream == fmt.Sprintf("%d:%d", at.Dev, at.Ino)
}
