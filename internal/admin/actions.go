package admin

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"

	"snbroker/broker"
	"snbroker/internal/mqtt"
)

func hexOf(b []byte) string { return hex.EncodeToString(b) }

// ClientID names a client.
type ClientID struct {
	ID string `json:"id"`
}

// Topic names a topic.
type Topic struct {
	Topic string `json:"topic"`
}

// Publication is a message to be published.
type Publication struct {
	Topic   string `json:"topic"`
	Payload string `json:"payload"`
	Base64  bool   `json:"base64,omitempty"` // that is how the payload is written
	QoS     int    `json:"qos,omitempty"`    // 0 or 1; 1 is answered when it is on the disk
	Retain  bool   `json:"retain,omitempty"`
}

// Published tells what became of it.
type Published struct {
	Subscribers bool `json:"subscribers"` // somebody gets it
}

func (s *Server) disconnect(w http.ResponseWriter, r *http.Request) {
	var c ClientID
	if !take(w, r, &c) {
		return
	}
	if !s.cfg.Broker.Disconnect(c.ID) {
		fail(w, http.StatusNotFound, "no client with the id %q is connected", c.ID)
		return
	}
	s.note(r, "client disconnected by an operator", "client", c.ID)
	w.WriteHeader(http.StatusNoContent)
}

func (s *Server) clearRetained(w http.ResponseWriter, r *http.Request) {
	var t Topic
	if !take(w, r, &t) {
		return
	}
	if s.cfg.Broker.Retained(t.Topic) == nil {
		fail(w, http.StatusNotFound, "no message is retained at %q", t.Topic)
		return
	}
	if _, ok := s.send(w, r, &broker.Publication{Topic: t.Topic, Retain: true, QoS: mqtt.QoS1}); ok {
		s.note(r, "retained message cleared by an operator", "topic", t.Topic)
		w.WriteHeader(http.StatusNoContent)
	}
}

func (s *Server) publish(w http.ResponseWriter, r *http.Request) {
	var p Publication
	if !take(w, r, &p) {
		return
	}
	payload := []byte(p.Payload)
	var err error
	if p.Base64 {
		payload, err = base64.StdEncoding.DecodeString(p.Payload)
	}
	switch {
	case err != nil:
		fail(w, http.StatusBadRequest, "payload: %v", err)
		return
	case !mqtt.ValidTopicName([]byte(p.Topic)):
		fail(w, http.StatusBadRequest, "topic %q: want the name of a topic, without wildcards", p.Topic)
		return
	case p.QoS != 0 && p.QoS != 1:
		fail(w, http.StatusBadRequest, "qos %d: want 0 or 1", p.QoS)
		return
	}
	out := &broker.Publication{Topic: p.Topic, Payload: payload, QoS: mqtt.QoS(p.QoS), Retain: p.Retain}
	if heard, ok := s.send(w, r, out); ok {
		answer(w, http.StatusOK, Published{heard})
	}
}

// send publishes, and tells whether somebody subscribes to it; ok is false if the
// answer says why it could not.
func (s *Server) send(w http.ResponseWriter, r *http.Request, p *broker.Publication) (heard, ok bool) {
	reason, err := s.cfg.Broker.Operate(r.Context(), p)
	switch {
	case err != nil:
		fail(w, http.StatusGatewayTimeout, "it was published, but is not known to be on the disk: %v", err)
		return false, false
	case reason.IsError():
		fail(w, http.StatusConflict, "refused: %v", reason)
		return false, false
	}
	return reason != mqtt.ReasonNoMatchingSubscribers, true
}

// note logs who did what.
func (s *Server) note(r *http.Request, text string, args ...any) {
	user, _, _ := r.BasicAuth()
	if l, ok := s.logins.of(r); ok {
		user = l.who.Username
	}
	s.cfg.Log.Info(text, append(args, "by", user)...)
}
