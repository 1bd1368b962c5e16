package listener

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"time"

	"snbroker/broker"
	"snbroker/internal/auth"
	"snbroker/internal/mqtt"
)

// errRefused ends a connection whose CONNECT was answered with a refusal.
var errRefused = errors.New("CONNECT refused")

// admission is a CONNECT whose client has not been let in yet.
type admission struct {
	options   broker.ConnectOptions
	ack       mqtt.Connack
	keepAlive time.Duration
	scram     *auth.SCRAM // in the middle of an enhanced authentication
}

// connect handles CONNECT, which must be a connection's first packet.
func (c *conn) connect(w *worker, p *mqtt.Connect) error {
	if c.session != nil || c.admission != nil {
		return errSecondConnect // [MQTT-3.1.0-2]
	}
	cfg := c.cfg
	c.version = p.Version
	c.explain = p.Version == mqtt.V5 && !p.Properties.NoProblemInfo
	a := &admission{}
	c.id = string(p.ClientID)
	switch {
	case !cfg.Versions.Has(p.Version):
		a.ack.ReasonCode = mqtt.ReasonUnsupportedProtocolVersion
		cfg.Log.Info("CONNECT refused: protocol_versions of this listener does not have the client's",
			"listener", c.listener.Addr(), "client", c.id, "peer", c.net.RemoteAddr(), "version", p.Version)
	case cfg.ServerReference != "":
		a.ack.ReasonCode = mqtt.ReasonUseAnotherServer
		a.ack.Properties.ServerReference = []byte(cfg.ServerReference)
	case c.id == "" && p.Version == mqtt.V31, c.id == "" && !p.CleanStart && p.Version != mqtt.V5:
		a.ack.ReasonCode = mqtt.ReasonClientIDNotValid // [MQTT-3.1.3-8] of 3.1.1
	case p.Will != nil && (!mqtt.ValidTopicName(p.Will.Topic) || tooLong(cfg.MountPoint, p.Will.Topic)):
		a.ack.ReasonCode = mqtt.ReasonTopicNameInvalid
	}
	if a.ack.ReasonCode != mqtt.ReasonSuccess {
		return c.answerConnect(w, &a.ack)
	}
	if c.id == "" {
		c.id = assignedID()
		a.ack.Properties.AssignedClientID = []byte(c.id)
	}
	a.options = broker.ConnectOptions{
		ClientID:       c.id,
		CleanStart:     p.CleanStart,
		Expiry:         c.sessionExpiry(p, &a.ack),
		Will:           will(p.Will, cfg.MountPoint),
		ReceiveMaximum: int(p.Properties.ReceiveMaximum),
	}
	a.keepAlive = c.supervise(p, &a.ack)
	c.sendLimit = int(p.Properties.MaximumPacketSize)
	c.sentAliases = newAliases(p.Properties.TopicAliasMaximum)
	return c.authenticate(w, p, a)
}

// enter attaches a client that was let in to its session.
func (c *conn) enter(w *worker, a *admission) error {
	cfg := c.cfg
	ack := &a.ack
	whole := *ack
	if c.version == mqtt.V5 {
		whole.Properties.ReceiveMaximum = cfg.ReceiveMaximum
		whole.Properties.TopicAliasMaximum = cfg.TopicAliasMaximum
		whole.Properties.MaximumPacketSize = uint32(cfg.MaxPacket)
		if b, _ := whole.AppendTo(nil, mqtt.V5); c.sendLimit > 0 && len(b) > c.sendLimit {
			return errAnswer // [MQTT-3.1.2-24], and the session is left alone
		}
	}
	c.silence = a.keepAlive + a.keepAlive/2 // [MQTT-3.1.2-22]
	session, present, err := c.listener.broker.Connect(a.options, c, &w.turn)
	switch {
	case errors.Is(err, broker.ErrTooManySessions):
		ack.ReasonCode = mqtt.ReasonQuotaExceeded
		cfg.Log.Warn("CONNECT refused: max_sessions is reached", "client", c.id)
	case errors.Is(err, broker.ErrStore):
		ack.ReasonCode = mqtt.ReasonQuotaExceeded
		cfg.Log.Warn("CONNECT refused: no new session can be put on the disk", "client", c.id)
	case errors.Is(err, broker.ErrWillTopic):
		ack.ReasonCode = mqtt.ReasonTopicNameInvalid
	case errors.Is(err, broker.ErrWillNotAuthorized):
		ack.ReasonCode = mqtt.ReasonNotAuthorized
		cfg.Log.Info("CONNECT refused: the client may not publish its will", "client", c.id, "topic", a.options.Will.Topic)
	case err != nil:
		ack.ReasonCode = mqtt.ReasonServerUnavailable
	default:
		c.session, c.expiry = session, a.options.Expiry
		*ack = whole
		ack.SessionPresent = present && c.version != mqtt.V31
		c.net.SetReadDeadline(c.deadline())
		w.pull = true
	}
	return c.answerConnect(w, ack)
}

// deadline is when a client has been silent for too long, or its identity has
// expired; zero for never.
func (c *conn) deadline() time.Time {
	var at time.Time
	if c.silence > 0 {
		at = c.heard.Add(c.silence)
	}
	if !c.expires.IsZero() && (at.IsZero() || c.expires.Before(at)) {
		at = c.expires
	}
	return at
}

func (c *conn) answerConnect(w *worker, ack *mqtt.Connack) error {
	w.acks, _ = c.appendExplained(w.acks, ack, &ack.Properties.ReasonString, ack.ReasonCode)
	if ack.ReasonCode != mqtt.ReasonSuccess {
		return errRefused
	}
	c.cfg.Log.Debug("client connected", "client", c.id, "peer", c.net.RemoteAddr(), "version", c.version, "resumed", ack.SessionPresent)
	return nil
}

// supervise returns the keep-alive in force. MQTT 5 clients are told when it
// is not the one they asked for.
func (c *conn) supervise(p *mqtt.Connect, ack *mqtt.Connack) time.Duration {
	asked := time.Duration(p.KeepAlive) * time.Second
	most := c.cfg.MaxKeepAlive
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
	most := c.cfg.SessionExpiry
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
