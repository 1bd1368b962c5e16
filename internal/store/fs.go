package store

import "io"

// FS is what the log needs of a file system. Names are paths below
// Options.Path. Errors carry the system's numbers (errors.Is with
// syscall.ENOSPC, fs.ErrNotExist).
type FS interface {
	// Mkdir makes a folder and those above it; it may be there already.
	Mkdir(path string) error
	// Create makes a file, or empties it, to read and write.
	Create(name string) (File, error)
	// Open opens a file to read and, if write says so, to write.
	Open(name string, write bool) (File, error)
	// ReadDir lists the names in a folder, sorted.
	ReadDir(path string) ([]string, error)
	// Rename replaces what has the new name.
	Rename(from, to string) error
	Remove(name string) error
	// SyncDir makes creations, renamings and removals in a folder durable.
	SyncDir(path string) error
	// Lock takes the lock that a file stands for, and writes the process's id
	// into it. It fails with a LockedError if another has it.
	Lock(name string) (io.Closer, error)
}

// File is an open file.
type File interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	// Sync makes what was written durable. After an error nothing that was
	// written since the last Sync can be relied on.
	Sync() error
	// Allocate makes the file at least size octets long, with room for them on
	// the disk where the file system can tell.
	Allocate(size int64) error
	Size() (int64, error)
}
