package store

import (
	"encoding/binary"
	"hash/crc32"
)

// MaxRecord is the largest record, in octets.
const MaxRecord = 1 << 28

const (
	recordHeader = 12
	// commitFlag in the length tells a commit record from the owner's.
	commitFlag = 1 << 31
	// commitContent is the length of a commit record's content: the position up
	// to which everything had been fsynced before, and the wall clock in ns.
	commitContent = 16
	commitRecord  = recordHeader + commitContent
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	le         = binary.LittleEndian
)

// seed is what a store's id puts into its records: a client who chooses a
// payload cannot choose what passes for a record.
type seed struct{ mark, crc uint32 }

func newSeed(id uint64) seed {
	return seed{mark: uint32(id), crc: crc32.Checksum(le.AppendUint64(nil, id), castagnoli)}
}

// content is the sum of a record's content alone, which does not depend on
// where the record is.
func (s seed) content(b []byte) uint32 { return crc32.Update(s.crc, castagnoli, b) }

// marks is what the header at a position has of it.
func (s seed) marks(at LSN) uint32 { return s.mark ^ uint32(at) }

// full adds the header's first eight octets and the position's upper half. The
// factor is odd, so that no two upper halves give the same sum.
func full(content uint32, header []byte, at LSN) uint32 {
	return crc32.Update(content, castagnoli, header[:8]) ^ uint32(at>>32)*0x9e3779b1
}

// putHeader completes the header of the record at a position; length has the
// commitFlag where it applies.
func (s seed) putHeader(header []byte, at LSN, length uint32, content uint32) {
	le.PutUint32(header, length)
	le.PutUint32(header[4:], s.marks(at))
	le.PutUint32(header[8:], full(content, header, at))
}

// putCommit writes the commit record that a batch begins with.
func (s seed) putCommit(b []byte, at, synced LSN, wall int64) {
	content := b[recordHeader:commitRecord]
	le.PutUint64(content, uint64(synced))
	le.PutUint64(content[8:], uint64(wall))
	s.putHeader(b, at, commitFlag|commitContent, s.content(content))
}

// whole tells whether a complete record has these octets at a position.
func (s seed) whole(b []byte, at LSN) bool {
	return le.Uint32(b[8:]) == full(s.content(b[recordHeader:]), b, at)
}

// lengthOf is what a header says about its record: the content's octets, and
// whether it is a commit record; false if no record can have such a header.
func lengthOf(header []byte) (n int64, commit, ok bool) {
	u := le.Uint32(header)
	n = int64(u &^ commitFlag)
	if commit = u&commitFlag != 0; commit {
		return n, commit, n == commitContent
	}
	return n, commit, n >= 1 && n <= MaxRecord
}
