package auth

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"
)

// checkFileError: whatever is wrong with a file, the error says where.
func checkFileError(t *testing.T, err error) {
	t.Helper()
	if fe, ok := errors.AsType[*FileError](err); !ok || fe.File != "f" {
		t.Fatalf("no FileError: %v", err)
	}
}

func FuzzPasswords(f *testing.F) {
	for _, v := range vectors {
		f.Add("# c\nalice:"+v.hash+"\r\n", "alice")
	}
	f.Add("\ufeff#\n\nbob:x", "b b")
	line := vectors[0].hash
	f.Fuzz(func(t *testing.T, text, user string) {
		users, err := parsePasswords("f", text, new(warnings))
		if err != nil {
			checkFileError(t, err)
			return
		}
		// Written and read again it is the same.
		var b strings.Builder
		for name, u := range users {
			b.WriteString(name + ":" + u.hash.encode() + "\n")
		}
		again, err := parsePasswords("f", b.String(), new(warnings))
		if err != nil || len(again) != len(users) {
			t.Fatalf("%q became %q: %v", text, b.String(), err)
		}
		for name, u := range users {
			if again[name].hash.encode() != u.hash.encode() {
				t.Fatalf("%q: %s", text, name)
			}
		}
		// An edit changes one user and no other.
		if nameProblem(user) != "" {
			return
		}
		edited, _ := replaceLine(text, user, user+":"+line)
		again, err = parsePasswords("f", edited, new(warnings))
		if err != nil || again[user] == nil || again[user].hash.encode() != line {
			t.Fatalf("%q edited to %q: %v", text, edited, err)
		}
		for name, u := range users {
			if name != user && again[name].hash.encode() != u.hash.encode() {
				t.Fatalf("%q edited to %q", text, edited)
			}
		}
		removed, found := replaceLine(edited, user, "")
		again, err = parsePasswords("f", removed, new(warnings))
		if err != nil || !found || again[user] != nil || strings.Count(removed, "#") != strings.Count(text, "#")-count(text, user) {
			t.Fatalf("%q removed from %q: %v", removed, edited, err)
		}
	})
}

// count of '#' in a user's lines, which go with it.
func count(text, user string) (n int) {
	for l := range strings.Lines(strings.TrimPrefix(text, byteOrderMark)) {
		if name, _, ok := strings.Cut(content(l), ":"); ok && name == user {
			n += strings.Count(l, "#")
		}
	}
	return n
}

func FuzzSCRAMFile(f *testing.F) {
	f.Add("user:" + scramVectorKeys)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := parseSCRAMFile("f", text, new(warnings)); err != nil {
			checkFileError(t, err)
		}
	})
}

func FuzzPSK(f *testing.F) {
	f.Add("# c\nsensor:00ff\n")
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := parsePSKs("f", text, new(warnings))
		if err != nil {
			checkFileError(t, err)
		}
		for name, key := range keys {
			if nameProblem(name) != "" || len(key) == 0 {
				t.Fatalf("%q: %q %x", text, name, key)
			}
		}
	})
}

func FuzzACL(f *testing.F) {
	for _, c := range aclTable {
		f.Add(unindent(c.acl), "alice", "c1", "a/b", "a/#")
	}
	f.Add("pattern deny %c/%u", "a/b", "+", "$SYS/x", "$share/g/+/x")
	f.Fuzz(func(t *testing.T, text, user, client, topic, filter string) {
		c, err := parseACL("f", text, new(warnings))
		if err != nil {
			checkFileError(t, err)
			return
		}
		a := new(Auth)
		a.current.Store(&snapshot{acl: c})
		id := named(user)
		a.CanPublish(id, client, topic)
		a.CanSubscribe(id, client, filter)
		// What can be received can be subscribed to by name.
		if !strings.ContainsAny(topic, "+#") && !strings.HasPrefix(topic, "$share/") &&
			a.CanReceive(id, client, topic) && !a.CanSubscribe(id, client, topic) {
			t.Fatalf("%q: %q may receive %q and not subscribe", text, user, topic)
		}
		// Another file's rules for everyone cannot widen through a name.
		if c.of(id) == &noRules && !safe(user) && !safe(client) && a.CanPublish(id, client, topic) {
			for _, r := range c.patterns.wild {
				if r.access&accessWrite != 0 && !r.usesUser && !r.usesClient {
					return
				}
			}
			if c.patterns.exact[topic]&accessWrite == 0 {
				t.Fatalf("%q: %q %q widened to %q", text, user, client, topic)
			}
		}
	})
}

func FuzzJWKS(f *testing.F) {
	f.Add(`{"keys":[` + rfcRSAKey + "," + rfcECKey + "," + rfcEdKey + "]}")
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := parseJWKS("f", text, new(warnings))
		if err != nil {
			checkFileError(t, err)
		}
		for _, k := range keys {
			k.verify([]byte("x"), []byte("y"))
			k.verify(nil, make([]byte, 64))
		}
	})
}

func FuzzToken(f *testing.F) {
	for _, s := range []string{rfcHS256, rfcRS256, rfcES256, rfcEdDSA, hsToken(`{"alg":"HS256"}`, `{"sub":"a","exp":1e9}`)} {
		f.Add([]byte(s))
	}
	keys, err := parseJWKS("f", `{"keys":[`+rfcRSAKey+","+rfcECKey+","+rfcEdKey+"]}", new(warnings))
	if err != nil {
		f.Fatal(err)
	}
	v := &jwtVerifier{keys: append(keys, secretKey([]byte(hsSecret))), claim: "sub"}
	f.Fuzz(func(t *testing.T, token []byte) {
		if d := v.authenticate(jwtNow, token); d.Allowed {
			t.Fatalf("%q lets %q in", token, d.Identity.Username)
		}
		// The claims too, as if signed.
		if parts := strings.Split(string(token), "."); len(parts) == 3 {
			b, _ := base64.RawURLEncoding.DecodeString(parts[1])
			d := (&jwtVerifier{keys: v.keys[3:], claim: "sub"}).authenticate(jwtNow, []byte(hsToken(`{"alg":"HS256"}`, string(b))))
			if d.Allowed && (!validName(d.Identity.Username) || !d.Expires.After(jwtNow)) {
				t.Fatalf("%s: %+v", b, d)
			}
		}
	})
}

func FuzzSCRAM(f *testing.F) {
	f.Add([]byte(vectorClientFirst), []byte(vectorClientFinal))
	f.Add([]byte("y,a=b=2C,n=b=2C,r=x,f=ext"), []byte("c=biws,r=x,p="))
	users, err := parseSCRAMFile("f", "user:"+scramVectorKeys, new(warnings))
	if err != nil {
		f.Fatal(err)
	}
	a := new(Auth)
	s := &snapshot{scram: users, scramNames: []string{"user"}}
	s.now = func() time.Time { return jwtNow }
	a.current.Store(s)
	f.Fuzz(func(t *testing.T, first, final []byte) {
		_, x, d := a.startSCRAM(Request{}, first, vectorServerNonce)
		if d.Allowed {
			t.Fatal("allowed at once")
		}
		if x == nil {
			return
		}
		if !validName(x.first.user) || !strings.HasSuffix(string(first), x.first.bare) || x.first.header+x.first.bare != string(first) {
			t.Fatalf("%q: %+v", first, x.first)
		}
		if _, d := x.Finish(final); d.Allowed && (string(first) != vectorClientFirst || string(final) != vectorClientFinal) {
			t.Fatalf("%q %q lets %q in", first, final, d.Identity.Username)
		}
	})
}
