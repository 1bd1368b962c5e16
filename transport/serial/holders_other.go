//go:build !linux

package serial

func holders(string) []string { return nil }
