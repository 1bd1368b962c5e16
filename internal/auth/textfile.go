package auth

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"strings"
)

// maxFile keeps a mistyped path, as of a disk image, from eating the memory.
// A million users take some 150 MB.
const maxFile = 256 << 20

const byteOrderMark = "\ufeff" // what some editors put first

// warnings gathers what an operator should know but nothing fails for.
type warnings []string

func (w *warnings) add(format string, args ...any) {
	*w = append(*w, fmt.Sprintf(format, args...))
}

// readFile reads a whole file and warns of permissions that invite trouble:
// secrets that others can read, rules that others can write.
func readFile(file string, secret bool, warn *warnings) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", readError(file, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", readError(file, err)
	}
	if info.IsDir() {
		return "", wrongAt(file, 0, "is a directory")
	}
	if permissionsMean {
		switch mode := info.Mode().Perm(); {
		case secret && mode&0o004 != 0:
			warn.add("%s: everyone on this machine can read these secrets (mode %04o); chmod 600 it", file, mode)
		case mode&0o002 != 0:
			warn.add("%s: everyone on this machine can change it (mode %04o)", file, mode)
		}
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return "", readError(file, err)
	}
	if len(b) > maxFile {
		return "", wrongAt(file, 0, "is larger than %d MiB", maxFile>>20)
	}
	return string(b), nil
}

// readError leaves out the path that a fs.PathError repeats.
func readError(file string, err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	return &FileError{File: file, Err: err}
}

// lines yields the lines that say something, numbered from 1: without line
// ends and trailing blanks, without empty lines and comments.
func lines(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		n := 0
		for line := range strings.Lines(strings.TrimPrefix(text, byteOrderMark)) {
			n++
			if line = content(line); line != "" && !yield(n, line) {
				return
			}
		}
	}
}

// content of a line, or "" if it is blank or a comment.
func content(line string) string {
	line = strings.TrimRight(line, " \t\r\n")
	if strings.HasPrefix(strings.TrimLeft(line, " \t"), "#") {
		return ""
	}
	return line
}
