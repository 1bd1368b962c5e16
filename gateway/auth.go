package gateway

import (
	"time"

	"snbroker/mqttsn"
	"snbroker/transport"
)

// AuthRequest is what a device sent in AUTH. It is the receiver's to keep.
type AuthRequest struct {
	ClientID string
	Username string
	Password []byte
	// Address is where the device is; zero where anybody could have written it.
	Address transport.Addr
}

// AuthAnswer is what became of an AuthRequest.
type AuthAnswer struct {
	Code     mqttsn.ReturnCode // ReturnAccepted, or why not
	Why      string            // the same for the log, one of a few words; "" if it was accepted
	Identity any               // who the device is
	Expires  time.Time         // when its session has to end; zero: never
}

// credentials is a username and a password that have been looked at elsewhere.
type credentials struct {
	dialog *dialogue // that asked
	answer AuthAnswer
}

// asksAuth tells whether a device has to send AUTH after its CONNECT: where it
// may, has proved nothing else, and is not let in without.
func (l *link) asksAuth(g *Gateway, who any) bool {
	return who == nil && l.options.PlainAuth && !l.options.Anonymous && g.cfg.Authenticate != nil
}

// prompts tells whether the device is asked for what comes next.
func (d *dialogue) prompts() bool { return d.step == awaitWillTopic || d.step == awaitWillMsg }

func (s *session) awaitAuth() {
	s.dialog.step = awaitAuth
	s.dialog.due = s.g.now.after(s.g.cfg.TRetry)
	s.schedule()
}

// auth takes a device's username and password. There is one try for a CONNECT.
func (s *session) auth(m *mqttsn.Auth) {
	g, d := s.g, s.dialog
	if d == nil || d.step != awaitAuth {
		g.stats.Ignored++
		return
	}
	_, user, password, ok := mqttsn.ParsePlain(m.Data)
	switch {
	case string(m.Method) != mqttsn.AuthPlain:
		s.authRefused("CONNECT refused: AUTH with an unknown method; PLAIN is known", mqttsn.ReturnNotSupported)
		return
	case !ok:
		s.authRefused("CONNECT refused: AUTH without a username and a password", mqttsn.ReturnNotSupported)
		return
	}
	// It is to be answered in the time that repetitions of CONNECT take.
	d.step, d.due = awaitCheck, g.now.after(g.cfg.TRetry*2)
	s.schedule()
	r := AuthRequest{ClientID: s.id, Username: string(user), Password: append([]byte(nil), password...)}
	if s.peer.link.options.Whereabouts != nil {
		r.Address = s.peer.link.options.Whereabouts(s.peer.addr)
	}
	g.cfg.Authenticate(r, func(a AuthAnswer) {
		g.report(event{session: s, kind: eventChecked, checked: &credentials{d, a}})
	})
}

// checked goes on when it is known whether the password was right.
func (s *session) checked(c *credentials) {
	if s.dialog == nil || s.dialog != c.dialog || s.dialog.step != awaitCheck {
		return // it took too long, or the device began again
	}
	a := &c.answer
	if a.Code != mqttsn.ReturnAccepted {
		s.authRefused("CONNECT refused: username and password, or token: "+a.Why, a.Code)
		return
	}
	if rc := s.g.mayHave(s.peer, s.id, a.Identity); rc != mqttsn.ReturnAccepted {
		s.connAck(rc)
		s.abandon()
		return
	}
	s.dialog.who = a.Identity
	if !a.Expires.IsZero() {
		// Its time may pass while the dialogue goes on: then it ends at once.
		s.dialog.expires = max(1, s.g.now.after(time.Until(a.Expires)))
	}
	s.identified(s.peer, s.local)
}

// expire ends the session of a token whose time is over. Its device connects anew,
// with a new one, and finds what was kept for it; MQTT ends such a connection with the
// will, too.
func (s *session) expire() {
	s.g.stats.Expired++
	s.g.complain("device ended: its token has expired", s.peer, s.id)
	if s.state == Active || s.state == Awake {
		s.send(&s.g.tx.disconnect)
	}
	s.setState(Lost)
}

// authRefused ends the dialogue. What was before it goes on.
func (s *session) authRefused(text string, rc mqttsn.ReturnCode) {
	s.g.stats.AuthRefused++
	s.g.complain(text, s.peer, s.id)
	s.connAck(rc)
	s.abandon()
}
