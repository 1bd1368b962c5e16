package udp

import (
	"os"

	"golang.org/x/sys/unix"
)

const (
	headSize = 2 << 10
	tailSize = 64 << 10
	// tailKeep is how much of the tails may stay resident between batches.
	tailKeep = 128 << 10
)

// tails is the address space for the datagrams that are longer than a head.
// It is mapped and not made, because it must not count as Go heap (2 MiB a
// socket, nearly always untouched) and because only a mapping can be given
// back page by page.
type tails struct {
	mem     []byte
	mapped  bool
	high    []int // per slot, octets touched since the last release
	touched int   // sum of high, in whole pages
	page    int
}

func newTails(slots int) tails {
	t := tails{high: make([]int, slots), page: os.Getpagesize()}
	mem, err := unix.Mmap(-1, 0, slots*tailSize, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_ANON|unix.MAP_NORESERVE)
	if err != nil {
		t.mem = make([]byte, slots*tailSize)
		return t
	}
	t.mem, t.mapped = mem, true
	// A huge page would back 32 slots at the first large datagram. Refusal
	// means that the kernel has none.
	_ = unix.Madvise(mem, unix.MADV_NOHUGEPAGE)
	return t
}

// at is the whole of slot i. Its first headSize octets are not the kernel's.
func (t *tails) at(i int) []byte { return t.mem[i*tailSize : (i+1)*tailSize : (i+1)*tailSize] }

// join makes a long datagram contiguous: its head goes in front of its tail.
func (t *tails) join(i int, head []byte, n int) []byte {
	b := t.at(i)
	copy(b, head)
	pages := (n + t.page - 1) / t.page * t.page
	if pages > t.high[i] {
		t.touched += pages - t.high[i]
		t.high[i] = pages
	}
	return b[:n]
}

// release is for after a batch, when no Data is valid any more.
func (t *tails) release() {
	if t.touched <= tailKeep {
		return
	}
	t.touched = 0
	clear(t.high)
	if t.mapped {
		// Private anonymous pages cannot fail to be given back.
		_ = unix.Madvise(t.mem, unix.MADV_DONTNEED)
	}
}

func (t *tails) close() {
	if t.mapped {
		_ = unix.Munmap(t.mem)
	}
	t.mem = nil
}
