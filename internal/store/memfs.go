package store

import (
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// sector is what a disk writes as a whole.
const sector = 512

// MemFS is a file system in memory that knows what a power cut would leave of
// it. For tests: Crash gives a new one with what was synced.
type MemFS struct {
	mu     sync.Mutex
	names  map[string]*memFile // as the program sees them
	onDisk map[string]*memFile // as a power cut leaves them at the least
	moves  []func(names map[string]*memFile)
	locked map[string]bool
	held   chan struct{} // closed by Release; nil: Sync does not wait
}

// memFile is a file's content, whatever its name is.
type memFile struct {
	fs     *MemFS
	data   []byte
	synced []byte
	dirty  map[int64]bool // sectors that differ from synced
}

// NewMemFS is an empty file system.
func NewMemFS() *MemFS {
	return &MemFS{names: map[string]*memFile{}, onDisk: map[string]*memFile{}, locked: map[string]bool{}}
}

// Crash is what a power cut would leave now: what was synced, and nothing
// else. The file system itself goes on.
func (m *MemFS) Crash() *MemFS { return m.crash(nil) }

// CrashRandomly also leaves some, none or all of the sectors that were written
// and not synced, and some of the latest changes to folders, in the order in
// which they were made.
func (m *MemFS) CrashRandomly(r *rand.Rand) *MemFS { return m.crash(r) }

func (m *MemFS) crash(r *rand.Rand) *MemFS {
	m.mu.Lock()
	defer m.mu.Unlock()
	names := maps.Clone(m.onDisk)
	part := 0
	if r != nil {
		part = 50 * r.IntN(3)
		for _, move := range m.moves[:r.IntN(len(m.moves)+1)] {
			move(names)
		}
	}
	after := NewMemFS()
	for _, name := range slices.Sorted(maps.Keys(names)) {
		f := names[name]
		left := slices.Clone(f.synced)
		if r != nil {
			for _, at := range slices.Sorted(maps.Keys(f.dirty)) {
				if r.IntN(100) < part {
					left = put(left, f.data[at*sector:min(int64(len(f.data)), (at+1)*sector)], at*sector)
				}
			}
		}
		g := &memFile{fs: after, data: left, synced: slices.Clone(left), dirty: map[int64]bool{}}
		after.names[name], after.onDisk[name] = g, g
	}
	return after
}

// Hold makes every Sync wait until Release, so that a test decides when
// something becomes durable.
func (m *MemFS) Hold() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held == nil {
		m.held = make(chan struct{})
	}
}

// Release ends what Hold began.
func (m *MemFS) Release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.held != nil {
		close(m.held)
		m.held = nil
	}
}

// move changes names now, and on the disk with the next SyncDir.
func (m *MemFS) move(change func(names map[string]*memFile)) {
	change(m.names)
	m.moves = append(m.moves, change)
}

// Mkdir implements FS: folders are there when needed.
func (m *MemFS) Mkdir(string) error { return nil }

// Create implements FS.
func (m *MemFS) Create(name string) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := &memFile{fs: m, dirty: map[int64]bool{}}
	m.move(func(names map[string]*memFile) { names[name] = f })
	return f, nil
}

// Open implements FS.
func (m *MemFS) Open(name string, _ bool) (File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := m.names[name]
	if f == nil {
		return nil, notThere("open", name)
	}
	return f, nil
}

func notThere(op, name string) error {
	return &os.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
}

// ReadDir implements FS.
func (m *MemFS) ReadDir(path string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var names []string
	for name := range m.names {
		if below, ok := strings.CutPrefix(name, path+string(filepath.Separator)); ok && !strings.ContainsRune(below, filepath.Separator) {
			names = append(names, below)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Rename implements FS.
func (m *MemFS) Rename(from, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.names[from] == nil {
		return notThere("rename", from)
	}
	m.move(func(names map[string]*memFile) {
		if f := names[from]; f != nil {
			delete(names, from)
			names[to] = f
		}
	})
	return nil
}

// Remove implements FS.
func (m *MemFS) Remove(name string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.names[name] == nil {
		return notThere("remove", name)
	}
	m.move(func(names map[string]*memFile) { delete(names, name) })
	return nil
}

// SyncDir implements FS; it is as generous as a journal, and syncs them all.
func (m *MemFS) SyncDir(string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, change := range m.moves {
		change(m.onDisk)
	}
	m.moves = nil
	return nil
}

type memLock struct {
	fs   *MemFS
	name string
}

// Lock implements FS.
func (m *MemFS) Lock(name string) (io.Closer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locked[name] {
		return nil, &LockedError{Path: filepath.Dir(name), PID: os.Getpid()}
	}
	m.locked[name] = true
	return memLock{m, name}, nil
}

func (l memLock) Close() error {
	l.fs.mu.Lock()
	defer l.fs.mu.Unlock()
	delete(l.fs.locked, l.name)
	return nil
}

// put copies b to an offset, and makes room for it.
func put(data, b []byte, offset int64) []byte {
	if need := offset + int64(len(b)); need > int64(len(data)) {
		data = append(data, make([]byte, need-int64(len(data)))...)
	}
	copy(data[offset:], b)
	return data
}

func (f *memFile) ReadAt(b []byte, offset int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	if offset >= int64(len(f.data)) {
		return 0, io.EOF
	}
	n := copy(b, f.data[offset:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (f *memFile) WriteAt(b []byte, offset int64) (int, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	f.data = put(f.data, b, offset)
	for at := offset / sector; at*sector < offset+int64(len(b)); at++ {
		f.dirty[at] = true
	}
	return len(b), nil
}

func (f *memFile) Sync() error {
	f.fs.mu.Lock()
	for f.fs.held != nil {
		held := f.fs.held
		f.fs.mu.Unlock()
		<-held
		f.fs.mu.Lock()
	}
	defer f.fs.mu.Unlock()
	f.synced = put(f.synced, nil, int64(len(f.data)))
	for at := range f.dirty {
		end := min(int64(len(f.data)), (at+1)*sector)
		copy(f.synced[at*sector:end], f.data[at*sector:end])
	}
	clear(f.dirty)
	return nil
}

// forget drops what was written and not synced, as Linux does when an fsync
// fails: the program goes on to see it, the disk does not have it.
func (f *memFile) forget() {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	f.synced = put(f.synced, nil, int64(len(f.data)))
	clear(f.dirty)
}

func (f *memFile) Allocate(size int64) error {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	f.data = put(f.data, nil, size)
	return nil
}

func (f *memFile) Size() (int64, error) {
	f.fs.mu.Lock()
	defer f.fs.mu.Unlock()
	return int64(len(f.data)), nil
}

func (f *memFile) Close() error { return nil }
