package listener

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
)

// errRefused ends a connection whose CONNECT was answered with a refusal.
var errRefused = errors.New("CONNECT refused")

// connect handles CONNECT, which must be a connection's first packet.
func (c *conn) connect(w *worker, p *mqtt.Connect) error {
	if c.session != nil {
		return errSecondConnect // [MQTT-3.1.0-2]
	}
	cfg := &c.listener.cfg
	c.version = p.Version
	c.out.mu.Lock()
	c.out.v5 = p.Version == mqtt.V5
	c.out.mu.Unlock()
	ack := mqtt.Connack{}
	c.id = string(p.ClientID)
	switch {
	case !cfg.Versions.Has(p.Version):
		ack.ReasonCode = mqtt.ReasonUnsupportedProtocolVersion
		cfg.Log.Info("CONNECT refused: protocol_versions of this listener does not have the client's",
			"listener", c.listener.Addr(), "client", c.id, "peer", c.net.RemoteAddr(), "version", p.Version)
	case !cfg.Anonymous:
		ack.ReasonCode = mqtt.ReasonNotAuthorized
		cfg.Log.Info("CONNECT refused: anonymous clients are not allowed on this listener; set allow_anonymous = true to let them in",
			"listener", c.listener.Addr(), "client", c.id, "peer", c.net.RemoteAddr())
	case c.id == "" && p.Version == mqtt.V31, c.id == "" && !p.CleanStart && p.Version != mqtt.V5:
		ack.ReasonCode = mqtt.ReasonClientIDNotValid // [MQTT-3.1.3-8] of 3.1.1
	case p.Properties.AuthMethod != nil:
		ack.ReasonCode = mqtt.ReasonBadAuthenticationMethod
	case p.Will != nil && (!mqtt.ValidTopicName(p.Will.Topic) || tooLong(cfg.MountPoint, p.Will.Topic)):
		ack.ReasonCode = mqtt.ReasonTopicNameInvalid
	}
	if ack.ReasonCode != mqtt.ReasonSuccess {
		return c.answerConnect(w, &ack)
	}
	if c.id == "" {
		c.id = assignedID()
		ack.Properties.AssignedClientID = []byte(c.id)
	}
	o := broker.ConnectOptions{
		ClientID:       c.id,
		CleanStart:     p.CleanStart,
		Expiry:         c.sessionExpiry(p, &ack),
		Will:           will(p.Will, cfg.MountPoint),
		ReceiveMaximum: int(p.Properties.ReceiveMaximum),
	}
	c.sendLimit = int(p.Properties.MaximumPacketSize)
	keepAlive := c.supervise(p, &ack)
	session, present, err := c.listener.broker.Connect(o, c, &w.turn)
	switch {
	case errors.Is(err, broker.ErrTooManySessions):
		ack.ReasonCode = mqtt.ReasonQuotaExceeded
		cfg.Log.Warn("CONNECT refused: max_sessions is reached", "client", c.id)
	case err != nil:
		ack.ReasonCode = mqtt.ReasonServerUnavailable
	default:
		c.session, c.expiry = session, o.Expiry
		ack.SessionPresent = present && p.Version != mqtt.V31
		if p.Version == mqtt.V5 {
			ack.Properties.ReceiveMaximum = cfg.ReceiveMaximum
			ack.Properties.TopicAliasMaximum = cfg.TopicAliasMaximum
			ack.Properties.MaximumPacketSize = uint32(cfg.MaxPacket)
		}
		c.silence = keepAlive + keepAlive/2 // [MQTT-3.1.2-22]
		deadline := time.Time{}
		if c.silence > 0 {
			deadline = c.heard.Add(c.silence)
		}
		c.net.SetReadDeadline(deadline)
		w.pull = true
	}
	return c.answerConnect(w, &ack)
}

func (c *conn) answerConnect(w *worker, ack *mqtt.Connack) error {
	w.acks, _ = ack.AppendTo(w.acks, c.version)
	if ack.ReasonCode != mqtt.ReasonSuccess {
		return errRefused
	}
	c.listener.cfg.Log.Debug("client connected", "client", c.id, "peer", c.net.RemoteAddr(), "version", c.version, "resumed", ack.SessionPresent)
	return nil
}

// supervise returns the keep-alive in force. MQTT 5 clients are told when it
// is not the one they asked for.
func (c *conn) supervise(p *mqtt.Connect, ack *mqtt.Connack) time.Duration {
	asked := time.Duration(p.KeepAlive) * time.Second
	most := c.listener.cfg.MaxKeepAlive
	if most == 0 || asked > 0 && asked <= most {
		return asked
	}
	if p.Version == mqtt.V5 {
		ack.Properties.HasServerKeepAlive = true
		ack.Properties.ServerKeepAlive = uint16(min(most/time.Second, 0xFFFF))
		return most
	}
	// Others cannot be told; one that asked for more is given what it asked.
	if asked == 0 {
		return most
	}
	return asked
}

// sessionExpiry returns how long the session outlives the connection.
func (c *conn) sessionExpiry(p *mqtt.Connect, ack *mqtt.Connack) time.Duration {
	most := c.listener.cfg.SessionExpiry
	if p.Version != mqtt.V5 {
		if p.CleanStart {
			return 0
		}
		return most
	}
	asked := expiryOf(p.Properties.SessionExpiry)
	if asked > most {
		ack.Properties.HasSessionExpiry = true
		ack.Properties.SessionExpiry = uint32(most / time.Second)
		return most
	}
	return asked
}

// expiryOf turns MQTT 5's seconds into a duration; the largest means never.
func expiryOf(seconds uint32) time.Duration {
	if seconds == 0xFFFFFFFF {
		return broker.Never
	}
	return time.Duration(seconds) * time.Second
}

func will(w *mqtt.Will, mount string) *broker.Will {
	if w == nil {
		return nil
	}
	out := &broker.Will{
		Topic:   mount + string(w.Topic),
		Payload: append([]byte(nil), w.Payload...),
		Forward: append([]byte(nil), w.Properties.Forward...),
		Delay:   time.Duration(w.Properties.WillDelay) * time.Second,
		QoS:     w.QoS,
		Retain:  w.Retain,
	}
	if w.Properties.HasMessageExpiry {
		out.Expiry = max(1, time.Duration(w.Properties.MessageExpiry)*time.Second)
	}
	return out
}

// assignedID makes a ClientID for a client that has none.
func assignedID() string {
	var b [8]byte
	rand.Read(b[:])
	return "auto-" + hex.EncodeToString(b[:])
}
