package admin

import (
	"net/http"
	"strconv"
)

const (
	usualLimit = 50
	maxLimit   = 1000
)

// limitOf reads how long a page is to be; false: it was refused.
func limitOf(w http.ResponseWriter, r *http.Request) (int, bool) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return usualLimit, true
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxLimit {
		fail(w, http.StatusBadRequest, "limit=%s: want 1 to %d", text, maxLimit)
		return 0, false
	}
	return n, true
}

// oneOf reads a parameter that is one of some words, or missing.
func oneOf(w http.ResponseWriter, r *http.Request, name string, words ...string) (string, bool) {
	got := r.URL.Query().Get(name)
	if got == "" {
		return "", true
	}
	for _, word := range words {
		if got == word {
			return got, true
		}
	}
	fail(w, http.StatusBadRequest, "%s=%s: want one of %q", name, got, words)
	return "", false
}

var pageParams = []param{
	{"after", "string", "the next of the page before; without it the first page"},
	{"limit", "integer", "how many to list, 1 to 1000; 50 if it is missing"},
}
