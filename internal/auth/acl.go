package auth

import (
	"slices"

	"snbroker/internal/mqtt"
)

// acl is a parsed ACL file.
type acl struct {
	anonymous rules
	users     map[string]*rules
	patterns  rules // for everyone
}

// rules are judged together. Plain topics are looked up; what has wildcards or
// patterns is tried in turn, denials first.
type rules struct {
	exact map[string]access // all that is said of a topic, merged
	plain []rule            // the same as exact, for filters
	wild  []rule
}

func (s *rules) add(filter string, a access, pattern bool) {
	r := newRule(filter, a, pattern)
	if r.wild {
		s.wild = append(s.wild, r)
		return
	}
	if s.exact == nil {
		s.exact = make(map[string]access)
	}
	s.exact[filter] |= a
	s.plain = append(s.plain, r)
}

func (s *rules) sort() {
	slices.SortStableFunc(s.wild, func(a, b rule) int {
		return int(b.access&accessDeny) - int(a.access&accessDeny)
	})
}

// judge gathers what the rules say about a topic, as far as want needs: a
// denial ends it.
func (s *rules) judge(topic string, want access, n *names) access {
	got := s.exact[topic]
	for i := range s.wild {
		r := &s.wild[i]
		if got&accessDeny != 0 {
			break
		}
		if r.access&accessDeny == 0 && (got|^r.access)&want != 0 {
			continue // granted already, or not by this one
		}
		if r.matches(topic, n) {
			got |= r.access
		}
	}
	return got
}

func (c *acl) of(id *Identity) *rules {
	if id.Username == "" {
		return &c.anonymous
	}
	if r := c.users[id.Username]; r != nil {
		return r
	}
	return &noRules
}

var noRules rules

// permits: denied by anything is denied, granted by anything is granted, and
// the rest is denied.
func (c *acl) permits(id *Identity, clientID, topic string, want access) bool {
	n := newNames(id, clientID)
	got := c.of(id).judge(topic, want, &n)
	if got&accessDeny == 0 {
		got |= c.patterns.judge(topic, want, &n)
	}
	return got&(want|accessDeny) == want
}

// permitsFilter refuses only what could never deliver anything. Each message
// is judged again when it is delivered, which is what decides; the answer here
// tells a client with a typing error, where silence would not.
func (c *acl) permitsFilter(id *Identity, clientID, filter string) bool {
	n := newNames(id, clientID)
	readable := false
	for _, s := range [...]*rules{c.of(id), &c.patterns} {
		for _, list := range [...][]rule{s.plain, s.wild} {
			for i := range list {
				r := &list[i]
				switch {
				case r.access&accessDeny != 0:
					if r.covers(filter, &n) {
						return false
					}
				case !readable && r.access&accessRead != 0:
					readable = r.overlaps(filter, &n)
				}
			}
		}
	}
	return readable
}

// CanPublish reports whether a client may publish to a topic. It also decides
// on wills, when the client connects and again when the will is due.
func (a *Auth) CanPublish(id *Identity, clientID, topic string) bool {
	s := a.load()
	if s == nil || id == nil {
		return false
	}
	if s.acl == nil {
		return orDenied(!dollar(topic), &a.denied.publish)
	}
	return orDenied(s.acl.permits(id, clientID, topic, accessWrite), &a.denied.publish)
}

// CanSubscribe reports whether a client may subscribe to a filter; of a shared
// subscription the filter within is judged. It is not the last word, see
// [Auth.CanReceive].
func (a *Auth) CanSubscribe(id *Identity, clientID, filter string) bool {
	s := a.load()
	if s == nil || id == nil {
		return false
	}
	if s.acl == nil {
		return true
	}
	_, filter, _ = mqtt.SplitShared(filter)
	return orDenied(s.acl.permitsFilter(id, clientID, filter), &a.denied.subscribe)
}

// CanReceive reports whether a message on a topic may be delivered to a
// client: live, retained or from its queue.
func (a *Auth) CanReceive(id *Identity, clientID, topic string) bool {
	s := a.load()
	if s == nil || id == nil {
		return false
	}
	return s.acl == nil || orDenied(s.acl.permits(id, clientID, topic, accessRead), &a.denied.receive)
}
