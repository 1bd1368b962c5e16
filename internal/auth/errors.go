package auth

import (
	"errors"
	"fmt"
)

// FileError is what is wrong with a configured file, and where. Line is 0 when
// it is about the file as a whole. Problem never quotes a secret.
type FileError struct {
	File    string
	Line    int
	Problem string
	Err     error // the cause, if there is one beneath
}

func (e *FileError) Error() string {
	s := e.Problem
	if e.Err != nil {
		if s != "" {
			s += ": "
		}
		s += e.Err.Error()
	}
	if e.Line > 0 {
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, s)
	}
	return fmt.Sprintf("%s: %s", e.File, s)
}

func (e *FileError) Unwrap() error { return e.Err }

// ErrNoUser is returned by DeleteUser for a user that is not in the file.
var ErrNoUser = errors.New("auth: no such user")

func wrongAt(file string, line int, format string, args ...any) *FileError {
	return &FileError{File: file, Line: line, Problem: fmt.Sprintf(format, args...)}
}
