package auth

import (
	"fmt"
	"strings"
)

// BindMode says which ClientIDs an identity may use. It keeps one user from
// taking over another's session.
type BindMode uint8

const (
	BindOff    BindMode = iota // any
	BindEqual                  // its username
	BindPrefix                 // its username, or that followed by one of - _ / : and more
)

// ParseBindMode reads "off", "equal" or "prefix".
func ParseBindMode(s string) (BindMode, error) {
	switch s {
	case "off", "":
		return BindOff, nil
	case "equal":
		return BindEqual, nil
	case "prefix":
		return BindPrefix, nil
	}
	return BindOff, fmt.Errorf(`auth: bind_client_id is "off", "equal" or "prefix"`)
}

const bindSeparators = "-_/:"

// mayUse decides on a ClientID. An empty one is invented by the server, and so
// nobody's.
//
// A ClientID that fits several users of the files belongs to the longest of
// their names: with users "a" and "a-b", "a-b-1" is not a's. Nor may those who
// are anonymous use what belongs to a user. Names that only certificates and
// tokens know cannot be protected from them here.
func (s *snapshot) mayUse(id *Identity, clientID string) bool {
	if s.bind == BindOff || clientID == "" {
		return true
	}
	if id.Username != "" && !s.bind.fits(id.Username, clientID) {
		return false
	}
	// No name is longer than longest, so a long ClientID costs no more.
	for i := min(len(clientID), s.longest); i > len(id.Username); i-- {
		if s.bind.fits(clientID[:i], clientID) && s.knows(clientID[:i]) {
			return false
		}
	}
	return true
}

// MayUse is what Authenticate asks about a ClientID, for those who are let in
// without it. A no counts as a refusal.
func (a *Auth) MayUse(id *Identity, clientID string) bool {
	s := a.load()
	if s == nil || id == nil {
		return false
	}
	return orDenied(s.mayUse(id, clientID), &a.counts[ReasonClientID])
}

func (m BindMode) fits(name, clientID string) bool {
	rest, ok := strings.CutPrefix(clientID, name)
	return ok && (rest == "" || m == BindPrefix && strings.IndexByte(bindSeparators, rest[0]) >= 0)
}

func (s *snapshot) knows(name string) bool {
	return s.users[name] != nil || s.scram[name] != nil || s.psk[name] != nil
}

func (s *snapshot) longestName() (n int) {
	for name := range s.users {
		n = max(n, len(name))
	}
	for name := range s.scram {
		n = max(n, len(name))
	}
	for name := range s.psk {
		n = max(n, len(name))
	}
	return n
}
