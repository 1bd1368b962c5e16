package store

import (
	"fmt"
	"hash/crc32"
	"io"
	"path/filepath"
	"strconv"
	"strings"
)

const (
	magic   = "snbroker"
	version = 1
	// segmentHeader is a page of its own, so that it is never written again
	// once there are records. It holds the header twice.
	segmentHeader = page
	headerCopy    = segmentHeader / 2
	headerContent = 48 // and the sum
	page          = 4096
	// maxSegment keeps offsets in an int of 32 bits.
	maxSegment    = 1 << 30
	segmentSuffix = ".log"
	spareSuffix   = ".spare"
	freshName     = "fresh.tmp"
)

// header is what a segment says about itself.
type header struct {
	id     uint64 // the store's
	base   LSN    // of the first octet after the header
	synced LSN    // all below was on the disk when the segment appeared
	wall   int64  // when that was, ns since 1970
}

// appendTo appends a page with two copies.
func (h *header) appendTo(b []byte) []byte {
	one := make([]byte, headerCopy)
	copy(one, magic)
	le.PutUint32(one[8:], version)
	le.PutUint64(one[16:], h.id)
	le.PutUint64(one[24:], uint64(h.base))
	le.PutUint64(one[32:], uint64(h.synced))
	le.PutUint64(one[40:], uint64(h.wall))
	le.PutUint32(one[headerContent:], crc32.Checksum(one[:headerContent], castagnoli))
	return append(append(b, one...), one...)
}

// readHeader takes whichever copy is whole. The error is ErrFormat for another
// version, ErrDamaged if there is no whole copy.
func readHeader(f io.ReaderAt) (h header, err error) {
	one := make([]byte, headerContent+4)
	for _, at := range []int64{0, headerCopy} {
		if _, err := f.ReadAt(one, at); err != nil {
			continue
		}
		if string(one[:8]) != magic || le.Uint32(one[headerContent:]) != crc32.Checksum(one[:headerContent], castagnoli) {
			continue
		}
		if v := le.Uint32(one[8:]); v != version {
			return h, fmt.Errorf("%w: version %d, and this program knows %d: start the version of snbroker that wrote it", ErrFormat, v, version)
		}
		return header{
			id:     le.Uint64(one[16:]),
			base:   LSN(le.Uint64(one[24:])),
			synced: LSN(le.Uint64(one[32:])),
			wall:   int64(le.Uint64(one[40:])),
		}, nil
	}
	return h, ErrDamaged
}

// segment is a file of the log. Log.mu guards end and live.
type segment struct {
	base LSN
	end  LSN // of its records; the next segment's base, if there is one
	size int64
	live int64 // octets of records that are needed, with their headers
	path string
	file File
	// Of a segment that Open found: what its header says had been fsynced when
	// it appeared, or that its header is damaged.
	synced   LSN
	headless bool
	// zeroed is how far the file has been written once. Writing into blocks
	// that were only reserved costs the file system a journal write each time,
	// so they are filled with zeros some way ahead.
	zeroed int64
}

// offset is where in the file a position is.
func (s *segment) offset(at LSN) int64 { return segmentHeader + int64(at-s.base) }

// limit is the position after the last octet that has room.
func (s *segment) limit() LSN { return s.base + LSN(max(0, s.size-segmentHeader)) }

func (s *segment) name() string { return filepath.Base(s.path) }

func (s *segment) used() int64 { return int64(s.end - s.base) }

func segmentName(base LSN) string { return base.String() + segmentSuffix }

// baseOf is the reverse of segmentName; false for other files.
func baseOf(name string) (LSN, bool) {
	digits, ok := strings.CutSuffix(filepath.Base(name), segmentSuffix)
	if !ok || len(digits) != 16 {
		return 0, false
	}
	base, err := strconv.ParseUint(digits, 16, 64)
	return LSN(base), err == nil && LSN(base).String() == digits
}
