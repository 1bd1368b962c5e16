//go:build !unix

package serial

func permission(string) string { return "this user may not use it, or another program has it" }
