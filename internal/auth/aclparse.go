package auth

import (
	"strings"

	"snbroker/internal/mqtt"
)

// parseACL reads Mosquitto's format:
//
//	topic [read|write|readwrite|deny] FILTER     for the user above, or anonymous
//	user NAME
//	pattern [read|write|readwrite|deny] FILTER   for everyone; %u and %c are levels
//
// Names and filters reach to the end of their line. Without an access word a
// filter cannot hold blanks, since its first part would be taken for one.
func parseACL(file, text string, warn *warnings) (*acl, error) {
	c := &acl{users: make(map[string]*rules)}
	section := &c.anonymous
	for n, line := range lines(text) {
		keyword, rest := cutBlank(strings.TrimLeft(line, " \t"))
		switch keyword {
		case "user":
			if !validName(rest) {
				return nil, wrongAt(file, n, "user: the name is missing or not valid")
			}
			if c.users[rest] == nil {
				c.users[rest] = &rules{}
			}
			section = c.users[rest]
		case "topic", "pattern":
			pattern := keyword == "pattern"
			filter, a, problem := parseRule(rest)
			if problem == "" && pattern {
				problem = patternProblem(filter)
			}
			if problem != "" {
				return nil, wrongAt(file, n, "%s: %s", keyword, problem)
			}
			if !pattern {
				section.add(filter, a, false)
				continue
			}
			c.patterns.add(filter, a, true)
			if !strings.Contains(filter, "%") {
				warn.add("%s:%d: the pattern has neither %%u nor %%c and applies to everyone as it stands", file, n)
			}
		default:
			return nil, wrongAt(file, n, "%s is not one of user, topic, pattern", quote(keyword))
		}
	}
	c.anonymous.sort()
	c.patterns.sort()
	for _, s := range c.users {
		s.sort()
	}
	return c, nil
}

func parseRule(s string) (filter string, a access, problem string) {
	word, filter := cutBlank(s)
	if filter == "" {
		word, filter = "readwrite", word // even if it reads like an access word, as Mosquitto has it
	}
	switch word {
	case "read":
		a = accessRead
	case "write":
		a = accessWrite
	case "readwrite":
		a = accessRead | accessWrite
	case "deny":
		a = accessDeny
	default:
		return "", 0, quote(word) + " is not one of read, write, readwrite, deny (a filter with blanks needs one of them before it)"
	}
	switch {
	case filter == "":
		return "", 0, "the filter is missing"
	case !mqtt.ValidTopicFilter(filter):
		return "", 0, quote(filter) + " is not a valid topic filter"
	case strings.HasPrefix(filter, "$share/"):
		return "", 0, "rules are about topics; leave out $share and the group"
	}
	return filter, a, ""
}

// patternProblem: a name that is only part of a level would let a client choose
// a name that completes it to somebody else's.
func patternProblem(filter string) string {
	for level := range strings.SplitSeq(filter, "/") {
		if level != "%u" && level != "%c" && (strings.Contains(level, "%u") || strings.Contains(level, "%c")) {
			return quote(level) + ": %u and %c have to be a whole level"
		}
	}
	return ""
}

func cutBlank(s string) (first, rest string) {
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimLeft(s[i:], " \t")
}
