package broker

import "unsafe"

// octets returns s as octets without a copy; they must not be changed.
func octets(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// alias returns b as a string without a copy, valid as long as b.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
