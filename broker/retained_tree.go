package broker

import "strings"

// RetainedEntry is what is found on one level of the tree of retained topics: a
// topic that ends there, or a branch with topics below it.
type RetainedEntry struct {
	Name    string
	Message *Message // nil: a branch; its payload may be on the disk
}

// RetainedLevel lists what is right below prefix, which is "" or ends in a slash,
// in the order of the topics. from is "" or the next of an earlier page; next is
// "" at the end. It looks at as many topics as it lists, however many there are
// below a branch.
func (b *Broker) RetainedLevel(prefix, from string, limit int) (out []RetainedEntry, next string) {
	r := &b.retained
	r.mu.RLock()
	defer r.mu.RUnlock()
	if !strings.HasPrefix(from, prefix) {
		from = prefix
	}
	for {
		var topic string
		var m *Message
		r.messages.Ascend(from, func(t string, found *Message) bool {
			topic, m = t, found
			return false
		})
		if m == nil || !strings.HasPrefix(topic, prefix) {
			return out, ""
		}
		if len(out) >= limit {
			return out, from
		}
		name, _, branch := strings.Cut(topic[len(prefix):], "/")
		if branch {
			out = append(out, RetainedEntry{Name: name})
			from = prefix + name + "0" // what comes after a slash
		} else {
			out = append(out, RetainedEntry{Name: name, Message: m})
			from = topic + "\x00"
		}
	}
}

// Retained returns a topic's retained message, or nil.
func (b *Broker) Retained(topic string) *Message {
	r := &b.retained
	r.mu.RLock()
	defer r.mu.RUnlock()
	m, _ := r.messages.Get(topic)
	return m
}
