package store

import (
	"bytes"
	"hash/crc32"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func crcOf(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// image is a segment's octets behind the header, with what is in them.
func image(base LSN) (b []byte, records []kept) {
	s := newSeed(goldenID)
	for i := range 12 {
		at := base + LSN(len(b))
		b = append(b, make([]byte, commitRecord)...)
		s.putCommit(b[at-base:], at, at, int64(i))
		for j := range i % 3 {
			at = base + LSN(len(b))
			r := content(i*5 + j)
			b = append(append(b, make([]byte, recordHeader)...), r...)
			s.putHeader(b[at-base:], at, uint32(len(r)), s.content([]byte(r)))
			records = append(records, kept{at, base + LSN(len(b)), r})
		}
	}
	return b, records
}

// behind puts octets where they are in a file.
func behind(b []byte) *bytes.Reader {
	return bytes.NewReader(append(make([]byte, segmentHeader), b...))
}

// Whatever stands in a part of a segment, the records before and behind it come.
func FuzzScan(f *testing.F) {
	whole, records := image(0)
	f.Add(uint16(0), []byte{}, uint32(0), true)
	f.Add(uint16(100), []byte{0xff}, uint32(1<<31), true)
	f.Add(uint16(commitRecord), whole[commitRecord:records[1].end], uint32(5), false)
	f.Add(uint16(200), bytes.Repeat([]byte{0x88, 0x77, 0x66, 0x55}, 100), uint32(200), false)
	f.Add(uint16(300), whole[:200], uint32(0), true)
	f.Fuzz(func(t *testing.T, offset uint16, junk []byte, high uint32, known bool) {
		base := LSN(high)<<8 + 1
		b, records := image(base)
		end := LSN(len(b)) + base
		from := min(int(offset), len(b))
		to := from + copy(b[from:], junk)
		claimed := base
		if known {
			claimed = end
		}
		s := scanner{seed: newSeed(goldenID)}
		s.set(behind(b), base, base, end)
		var got []kept
		claimed, _, err := s.walk(claimed, visitor{
			record: func(at LSN, r []byte) error {
				got = append(got, kept{at, at + recordHeader + LSN(len(r)), string(r)})
				return nil
			},
			damage: func(from, to LSN) {
				if from >= to || to > end {
					t.Fatalf("damage from %v to %v", from, to)
				}
			},
		})
		if err != nil || claimed > end || s.at > end || known && s.at != end {
			t.Fatalf("stopped at %v of %v, claimed %v: %v", s.at, end, claimed, err)
		}
		for i, r := range records {
			before, beyond := int(r.end-base) <= from, int(r.at-base) >= to
			if seen := slices.Contains(got, r); !seen && (before || beyond && (known || r.end <= claimed)) {
				t.Fatalf("record %d at %v is not seen; junk from %d to %d", i, r.at, from, to)
			}
		}
		for i := 1; i < len(got); i++ {
			if got[i].at < got[i-1].end {
				t.Fatalf("%v, then %v", got[i-1], got[i])
			}
		}
	})
}

func FuzzHeader(f *testing.F) {
	h := header{id: goldenID, base: 7, synced: 80, wall: 1}
	f.Add(h.appendTo(nil))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := readHeader(bytes.NewReader(b))
		if err != nil {
			return
		}
		if again, err := readHeader(bytes.NewReader(h.appendTo(nil))); again != h || err != nil {
			t.Fatalf("%+v became %+v, %v", h, again, err)
		}
	})
}

// A log opens whatever its last segment holds, and goes on.
func FuzzOpen(f *testing.F) {
	h := header{id: goldenID, base: 0, synced: 30, wall: 1}
	whole, _ := image(0)
	f.Add(append(h.appendTo(nil), whole...), true)
	f.Add(append(h.appendTo(nil), whole[:len(whole)-3]...), true)
	f.Add(h.appendTo(nil), false)
	f.Add([]byte{}, true)
	f.Fuzz(func(t *testing.T, b []byte, keepHeader bool) {
		if keepHeader {
			b = append(h.appendTo(nil), b...)
		}
		fs := NewMemFS()
		g, _ := fs.Create(filepath.Join(testPath, segmentName(0)))
		g.WriteAt(b, 0)
		fs.Crash()
		l, err := Open(quiet(fs))
		if err != nil {
			if !strings.Contains(err.Error(), ErrFormat.Error()) {
				t.Fatal(err)
			}
			return
		}
		l.Close()
		w := start(t, quiet(fs))
		w.fits()
		w.add("more")
		w.safe()
		w.fits()
		w.close()
		again := mustOpen(t, quiet(fs))
		if !slices.Equal(again.records, w.records) {
			t.Fatalf("%v became %v", w.records, again.records)
		}
		again.close()
	})
}
