package store

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

const writerPath = "SNBROKER_TEST_WRITE"

// writeUntilKilled is the other process: it appends numbers, and prints each
// when it is durable.
func writeUntilKilled(path string) {
	o := quiet(nil)
	o.Path = path
	l, err := Open(o)
	if err != nil {
		panic(err)
	}
	n := 0
	if _, err := l.Replay(func(LSN, []byte) error { n++; return nil }); err != nil {
		panic(err)
	}
	l.Start(nil)
	for ; ; n++ {
		_, end := l.Append(fmt.Appendf(nil, "%d%s", n, strings.Repeat(" ", n%200)), true)
		number := n
		l.Notify(end, called(func() { fmt.Println(number) }))
		if n%7 == 0 { // others gather
			l.safe()
		}
	}
}

// A process that is killed, again and again, loses nothing that was durable.
func TestKilled(t *testing.T) {
	path := t.TempDir()
	for range 5 {
		other := exec.Command(os.Args[0])
		other.Env = append(os.Environ(), writerPath+"="+path)
		other.Stderr = os.Stderr
		out, err := other.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := other.Start(); err != nil {
			t.Fatal(err)
		}
		durable, lines := -1, bufio.NewScanner(out)
		for i := 0; lines.Scan(); i++ {
			if durable, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatal(err)
			}
			if i == 500 {
				if err := other.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		other.Wait()
		o := quiet(nil)
		o.Path = path
		w := mustOpen(t, o)
		for i, r := range w.records {
			if strings.TrimSpace(r.content) != strconv.Itoa(i) {
				t.Fatalf("record %d is %q", i, r.content)
			}
		}
		if len(w.records) <= durable || durable < 500 || len(w.report.Damage) > 0 {
			t.Fatalf("%d was durable, but there are %d: %+v", durable, len(w.records), w.report)
		}
		w.close()
	}
}
