package auth

import "strings"

// access is what a rule grants, or that it denies.
type access uint8

const (
	accessRead access = 1 << iota
	accessWrite
	accessDeny
)

// level of a rule's filter, cut at '/' beforehand so that judging neither
// parses nor allocates.
type level struct {
	kind levelKind
	text string
}

type levelKind uint8

const (
	levelText   levelKind = iota // itself
	levelOne                     // +
	levelRest                    // #
	levelUser                    // %u
	levelClient                  // %c
)

// rule is one line of the ACL file.
type rule struct {
	access     access
	dollar     bool // begins with '$'; only such rules reach such topics
	usesUser   bool
	usesClient bool
	wild       bool // more than plain text
	levels     []level
}

func newRule(filter string, a access, pattern bool) rule {
	r := rule{access: a, dollar: filter[0] == '$'}
	for text := range strings.SplitSeq(filter, "/") {
		l := level{text: text}
		switch {
		case text == "+":
			l.kind = levelOne
		case text == "#":
			l.kind = levelRest
		case pattern && text == "%u":
			l.kind, r.usesUser = levelUser, true
		case pattern && text == "%c":
			l.kind, r.usesClient = levelClient, true
		}
		r.wild = r.wild || l.kind != levelText
		r.levels = append(r.levels, l)
	}
	return r
}

// names are what %u and %c stand for. One that is empty or would not stay
// within its level, or might pass for a wildcard, is not safe.
type names struct {
	user, client         string
	userSafe, clientSafe bool
}

func newNames(id *Identity, clientID string) names {
	return names{
		user: id.Username, userSafe: safe(id.Username),
		client: clientID, clientSafe: safe(clientID),
	}
}

func safe(name string) bool {
	if name == "" {
		return false
	}
	for i := range len(name) {
		switch name[i] {
		case '+', '#', '/':
			return false
		}
	}
	return true
}

// applies: whether the rule says anything about this client. With a name that
// is not safe a pattern grants nothing [CVE-2017-7650], while one that denies
// does so from the name's level on, rather too much than too little. An
// anonymous client has no %u to be denied.
func (r *rule) applies(n *names) bool {
	if r.usesUser && n.user == "" {
		return false
	}
	if r.access&accessDeny != 0 {
		return true
	}
	return (!r.usesUser || n.userSafe) && (!r.usesClient || n.clientSafe)
}

// name that a level stands for. It is not safe only in a rule that denies, see
// applies.
func (l *level) name(n *names) (text string, safe bool) {
	switch l.kind {
	case levelUser:
		return n.user, n.userSafe
	case levelClient:
		return n.client, n.clientSafe
	}
	return l.text, true
}

// cut takes the first level off a topic or filter.
func cut(s string) (first, rest string, more bool) {
	for i := range len(s) {
		if s[i] == '/' {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

func dollar(topic string) bool { return topic != "" && topic[0] == '$' }

// matches: whether the rule's filter matches a topic.
func (r *rule) matches(topic string, n *names) bool {
	if dollar(topic) != r.dollar || !r.applies(n) {
		return false // [MQTT-4.7.2-1]
	}
	part, more := "", true
	for i := range r.levels {
		l := &r.levels[i]
		if l.kind == levelRest {
			return true // the parent level too
		}
		if !more {
			return false
		}
		part, topic, more = cut(topic)
		if l.kind == levelOne {
			continue
		}
		text, ok := l.name(n)
		if !ok {
			return true
		}
		if part != text {
			return false
		}
	}
	return !more
}

// overlaps: whether some topic matches both the rule's filter and the one
// given.
func (r *rule) overlaps(filter string, n *names) bool { return r.meets(filter, n, true) }

// covers: whether every topic that matches the filter given matches the rule's.
// It may miss some exotic pair; that costs a subscription which never delivers.
func (r *rule) covers(filter string, n *names) bool { return r.meets(filter, n, false) }

// meets: whether some of the topics that match the filter given match the rule's
// too, or all of them.
func (r *rule) meets(filter string, n *names, some bool) bool {
	if dollar(filter) != r.dollar || !r.applies(n) {
		return false
	}
	part, more := "", true
	for i := range r.levels {
		l := &r.levels[i]
		if l.kind == levelRest {
			return true
		}
		if !more {
			return false
		}
		part, filter, more = cut(filter)
		if part == "#" {
			return some
		}
		if l.kind == levelOne || some && part == "+" {
			continue
		}
		text, ok := l.name(n)
		if !ok {
			return true
		}
		if part != text {
			return false // "+" equals no safe name and no plain level
		}
	}
	return !more || some && filter == "#"
}
