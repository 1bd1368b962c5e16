package dtls

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/dtls/v3"
)

func TestTickets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tickets := newTickets(2, time.Hour)
		has := func(id string, want bool) {
			t.Helper()
			if s, err := tickets.Get([]byte(id)); err != nil || (string(s.ID) == id) != want {
				t.Errorf("%s: %q, %v; want it there: %t", id, s.ID, err, want)
			}
		}
		for _, id := range []string{"one", "two", "three", "four", "five"} {
			tickets.Set([]byte(id), dtls.Session{ID: []byte(id)})
		}
		has("three", false) // the newest two stay
		has("four", true)
		has("five", true)
		has("nobody's", false)
		tickets.Del([]byte("four"))
		has("four", false)
		time.Sleep(time.Hour + 1)
		has("five", false)
	})
}

// A session that is resumed keeps its identity, and takes no new key exchange; one
// that has a Connection ID gets a new one, with a full handshake.
func TestResume(t *testing.T) {
	for name, tc := range map[string]struct {
		more clientOptions
		want uint64
	}{"no Connection ID": {nil, 1}, "Connection ID": {clientOptions{withCID}, 0}} {
		t.Run(name, func(t *testing.T) {
			l := listen(t)
			in := serving(t, l)
			o := psk("meter", append(tc.more, dtls.WithSessionStore(newTickets(10, 0)))...)
			for range 2 {
				dial(t, l, o).say(t, "hello")
				if id := l.Identity(hears(t, in, "hello").From); id != (Proof{PSKIdentity: "meter"}) {
					t.Errorf("identity %v", id)
				}
			}
			if s := l.SessionStats(); s.Resumed != tc.want || s.Handshakes != 2 {
				t.Errorf("%+v: want %d resumed", s, tc.want)
			}
		})
	}
}
