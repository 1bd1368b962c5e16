package admin

import (
	"net/http"
	"strings"
	"unicode/utf8"

	"snbroker/broker"
)

// RetainedPage is some of what is on one level of the tree of retained topics.
type RetainedPage struct {
	Prefix  string          `json:"prefix"`
	Entries []RetainedEntry `json:"entries"`
	Next    string          `json:"next,omitempty"`
}

// RetainedEntry is a topic that ends on the level, or a branch.
type RetainedEntry struct {
	Name   string `json:"name"`
	Branch bool   `json:"branch"`          // there are topics below it; the rest is not set
	Topic  string `json:"topic,omitempty"` // the whole name
	QoS    int    `json:"qos"`
	Bytes  int    `json:"bytes"`
	// Text is the beginning of the payload if that is text, Hex if it is not.
	Text string `json:"text,omitempty"`
	Hex  string `json:"hex,omitempty"`
}

func (s *Server) retained(w http.ResponseWriter, r *http.Request) {
	limit, ok := limitOf(w, r)
	if !ok {
		return
	}
	prefix := r.URL.Query().Get("prefix")
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		fail(w, http.StatusBadRequest, "prefix=%s: want it to end in a slash", prefix)
		return
	}
	found, next := s.cfg.Broker.RetainedLevel(prefix, r.URL.Query().Get("after"), limit)
	page := RetainedPage{Prefix: prefix, Entries: []RetainedEntry{}, Next: next}
	for _, e := range found {
		page.Entries = append(page.Entries, entry(prefix, &e, shownPayload))
	}
	answer(w, http.StatusOK, page)
}

// shownPayload is how many octets of a payload are listed; the message itself has
// more of it.
const (
	shownPayload = 64
	fullPayload  = 64 << 10
)

func (s *Server) retainedMessage(w http.ResponseWriter, r *http.Request) {
	topic := r.URL.Query().Get("topic")
	m := s.cfg.Broker.Retained(topic)
	if m == nil {
		fail(w, http.StatusNotFound, "no message is retained at %q", topic)
		return
	}
	answer(w, http.StatusOK, entry("", &broker.RetainedEntry{Name: topic, Message: m}, fullPayload))
}

func entry(prefix string, e *broker.RetainedEntry, shown int) RetainedEntry {
	out := RetainedEntry{Name: e.Name, Branch: e.Message == nil}
	if m := e.Message; m != nil {
		out.Topic, out.QoS, out.Bytes = prefix+e.Name, int(m.QoS), len(m.Payload)
		out.Text, out.Hex = shownAs(m.Payload, shown)
	}
	return out
}

// shownAs returns the beginning of a payload as text, if that is what it is, or in
// hexadecimal digits.
func shownAs(b []byte, n int) (text, hex string) {
	cut := len(b) > n
	if cut {
		b = b[:n]
		for i := 0; i < utf8.UTFMax-1 && len(b) > 0 && !utf8.Valid(b); i++ {
			b = b[:len(b)-1] // in the middle of a character, perhaps
		}
	}
	if utf8.Valid(b) && !strings.ContainsFunc(string(b), func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' && r != '\r' }) {
		return string(b), ""
	}
	return "", hexOf(b)
}
