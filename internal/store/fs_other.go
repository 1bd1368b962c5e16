//go:build !linux

package store

// Sync implements File.
func (f osFile) Sync() error { return f.File.Sync() }

// Allocate implements File: the room is not reserved here.
func (f osFile) Allocate(size int64) error { return f.grow(size) }
