package auth

import (
	"strconv"
	"unicode/utf8"
)

// quote makes a name from outside fit for a message: quoted, and short.
func quote(s string) string {
	const limit = 64
	if len(s) <= limit {
		return strconv.Quote(s)
	}
	cut := limit
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return strconv.Quote(s[:cut]) + "..."
}
