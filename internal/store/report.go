package store

import (
	"fmt"
	"time"
)

// Report is what was found in a log.
type Report struct {
	Segments   int
	Records    int
	Octets     int64 // of the records' content
	Begin, End LSN
	Damage     []Damage
	Torn       *Torn     // nil: the end is as it should be
	Clean      bool      // the log was closed
	LastCommit time.Time // by the wall clock of then; zero: none
}

// Damage is a stretch that had been on the disk and cannot be read any more.
// Records in it are lost; those before and after it are not.
type Damage struct {
	Segment string // file name
	At      LSN
	Offset  int64 // in the file; zero: the segment's header, which costs no record
	Octets  int64
	After   int    // records that could be read after it in the segment
	File    string // the copy's path; empty: there is none
	Known   bool   // the copy was there before
	Err     error  // why there is no copy
}

func (d Damage) String() string {
	what := fmt.Sprintf("%s: %d octets at offset %d are damaged, %d records after them are whole", d.Segment, d.Octets, d.Offset, d.After)
	switch {
	case d.Err != nil:
		return what + "; they could not be copied: " + d.Err.Error()
	case d.File != "":
		return what + "; a copy is in " + d.File
	}
	return what
}

// Torn is a write at the end that was cut short. It was never reported as
// durable, and nothing of it counts.
type Torn struct {
	Segment string
	At      LSN
	Offset  int64 // in the file
	Octets  int64 // as far as records can be told
	Records int   // whole ones among them
}

func (t *Torn) String() string {
	return fmt.Sprintf("%s: a write was cut short at offset %d: %d octets with %d whole records are left out, which nobody was told were safe",
		t.Segment, t.Offset, t.Octets, t.Records)
}
