package listener

import (
	"errors"
	"os"
	"time"
	"unsafe"

	"snbroker/broker"
	"snbroker/internal/mqtt"
)

// Ends of a connection that are no one's mistake, or not the codec's to see.
var (
	errLeft          = errors.New("client left")
	errTakenOver     = errors.New("another connection has the session")
	errUnread        = errors.New("client does not read its acknowledgements")
	errEntered       = errors.New("client was let in")
	errSecondConnect = &closing{mqtt.ReasonProtocolError, "a second CONNECT"}
	errAliasTooHigh  = &closing{mqtt.ReasonTopicAliasInvalid, "topic alias above the maximum"}
	errAliasUnknown  = &closing{mqtt.ReasonProtocolError, "topic alias that stands for nothing"}
	errExpiryFromNil = &closing{mqtt.ReasonProtocolError, "DISCONNECT gives a session an expiry that had none"}
	errTopicTooLong  = &closing{mqtt.ReasonTopicNameInvalid, "a topic that has no room for the mount point"}
	errNotConnected  = &closing{mqtt.ReasonProtocolError, "a packet before the authentication was over"}
	errManyFilters   = &closing{mqtt.ReasonQuotaExceeded, "more topic filters in a packet than max_filters"}
	errProperties    = &closing{mqtt.ReasonPacketTooLarge, "more octets of properties than max_properties"}
	errNoRoom        = &closing{mqtt.ReasonQuotaExceeded, "no room for its message"}
	errAnswer        = &closing{mqtt.ReasonPacketTooLarge, "an answer larger than the client's maximum packet size"}
	errQuota         = &closing{mqtt.ReasonReceiveMaximumExceeded, "more QoS 2 publishes than the receive maximum"}
)

// closing is an error that an MQTT 5 client is told before it is disconnected.
type closing struct {
	reason mqtt.ReasonCode
	text   string
}

func (e *closing) Error() string { return e.text }

// part ends the connection: the client is told why, if its version can.
func (c *conn) part(w *worker, err error) {
	if c.starved() {
		c.out.end()
		c.net.Close()
		return
	}
	var malformed *mqtt.Error
	var told *closing
	reason, text := mqtt.ReasonSuccess, ""
	switch {
	case errors.As(err, &malformed):
		reason, text = malformed.Reason, malformed.Error()
	case errors.As(err, &told):
		reason, text = told.reason, told.text
	case errors.Is(err, os.ErrDeadlineExceeded) && c.session != nil:
		reason = mqtt.ReasonKeepAliveTimeout
	case errors.Is(err, errRefused), errors.Is(err, errLeft): // what is owed is written first
	case errors.Is(err, errTakenOver):
		return // Closed, which is under way, says so to the client
	default:
		c.out.end()
		c.net.Close()
		return
	}
	var b []byte
	switch {
	case reason == mqtt.ReasonSuccess: // the CONNACK said it, or the client
	case c.session == nil:
		// Of what is wrong with a CONNECT only the version is answered before
		// MQTT 5, §3.1.2.2.
		c.version = w.decoder.Version
		if reason == mqtt.ReasonUnsupportedProtocolVersion || c.version == mqtt.V5 {
			b = appendConnack(nil, max(c.version, mqtt.V311), mqtt.Connack{ReasonCode: reason}, c.said(text, reason), c.sendLimit)
		}
	case c.version == mqtt.V5:
		b = appendDisconnect(nil, reason, c.said(text, reason), c.sendLimit)
	}
	if c.sendLimit > 0 && len(b) > c.sendLimit {
		b = nil
	}
	if c.beginLast(b) {
		c.write(true)
	}
}

// packet handles one whole packet.
func (c *conn) packet(w *worker, frame []byte) error {
	p, err := w.decoder.Decode(frame)
	if err != nil {
		return err
	}
	if c.session == nil && p.Type() != mqtt.TypeConnect && p.Type() != mqtt.TypeAuth {
		return errNotConnected
	}
	// What a client does all the time comes first, and with little on the
	// stack: see readOn.
	switch p := p.(type) {
	case *mqtt.Publish:
		return c.publish(w, p)
	case *mqtt.Puback:
		w.pull = c.session.PubAck(p.PacketID) || w.pull
	case *mqtt.Pubrec:
		return c.pubrec(w, p)
	case *mqtt.Pubrel:
		reason := mqtt.ReasonSuccess
		if !c.session.PubRel(p.PacketID) {
			if !c.session.Attached() {
				return errTakenOver // the session still has the identifier
			}
			reason = mqtt.ReasonPacketIDNotFound
		}
		c.session.Sync(&w.turn)
		w.acks = c.appendAck(w.acks, mqtt.TypePubcomp, p.PacketID, reason)
	case *mqtt.Pubcomp:
		w.pull = c.session.PubComp(p.PacketID) || w.pull
	default:
		return c.seldom(w, p)
	}
	return nil
}

// seldom handles what a client does now and then.
//
//go:noinline
func (c *conn) seldom(w *worker, p mqtt.Packet) error {
	var err error
	switch p := p.(type) {
	case *mqtt.Pingreq:
		w.acks, err = (&mqtt.Pingresp{}).AppendTo(w.acks, c.version)
	case *mqtt.Subscribe:
		return c.subscribe(w, p)
	case *mqtt.Unsubscribe:
		if len(p.Filters) > c.cfg.MaxFilters {
			return errManyFilters
		}
		ack := mqtt.Unsuback{PacketID: p.PacketID}
		for _, f := range p.Filters {
			ack.ReasonCodes = append(ack.ReasonCodes, c.session.Unsubscribe(mountedFilter(c.cfg.MountPoint, f)))
		}
		c.session.SyncSubscriptions(&w.turn)
		w.acks, err = c.appendExplained(w.acks, &ack, &ack.Properties.ReasonString, refused(ack.ReasonCodes))
	case *mqtt.Connect:
		return c.connect(w, p)
	case *mqtt.Auth:
		return c.auth(w, p)
	case *mqtt.Disconnect:
		return c.disconnect(p)
	default:
		return &closing{mqtt.ReasonProtocolError, "packet not expected from a client"}
	}
	return err
}

// publish takes in a message and acknowledges it.
func (c *conn) publish(w *worker, p *mqtt.Publish) error {
	topic := alias(p.Topic)
	if p.Properties.TopicAlias != 0 {
		var err error
		if topic, err = c.aliased(p); err != nil {
			return err
		}
	}
	mount := c.cfg.MountPoint
	if tooLong(mount, topic) {
		return errTopicTooLong
	}
	if len(p.Properties.Forward) > c.cfg.MaxProperties {
		return errProperties
	}
	m := &w.publication // field by field: a literal would be built on the stack first
	m.Topic, m.Payload, m.Forward = w.mounted(mount, topic), p.Payload, p.Properties.Forward
	m.QoS, m.Retain, m.PacketID, m.Expiry = p.QoS, p.Retain, p.PacketID, 0
	if p.Properties.HasMessageExpiry {
		m.Expiry = max(1, time.Duration(p.Properties.MessageExpiry)*time.Second)
	}
	w.published++
	reason := c.session.Publish(&w.publication, &w.turn)
	if reason == mqtt.ReasonSessionTakenOver {
		return errTakenOver
	}
	if (reason == mqtt.ReasonQuotaExceeded || reason == mqtt.ReasonTopicNameInvalid || reason == mqtt.ReasonImplementationSpecificError) && p.QoS > mqtt.QoS0 && c.version != mqtt.V5 {
		return errNoRoom // before MQTT 5 an acknowledgement cannot say no
	}
	switch p.QoS {
	case mqtt.QoS1:
		w.acks = c.appendAck(w.acks, mqtt.TypePuback, p.PacketID, reason)
	case mqtt.QoS2:
		if reason == mqtt.ReasonReceiveMaximumExceeded {
			return errQuota
		}
		w.acks = c.appendAck(w.acks, mqtt.TypePubrec, p.PacketID, reason)
	}
	return nil
}

// aliased resolves, or sets, a topic alias.
//
//go:noinline
func (c *conn) aliased(p *mqtt.Publish) (string, error) {
	a := p.Properties.TopicAlias
	if a > c.cfg.TopicAliasMaximum {
		return "", errAliasTooHigh // [MQTT-3.3.2-9]
	}
	if c.aliases == nil {
		c.aliases = make([]string, c.cfg.TopicAliasMaximum)
	}
	known := &c.aliases[a-1]
	switch {
	case len(p.Topic) == 0 && *known == "":
		return "", errAliasUnknown
	case len(p.Topic) > 0 && *known != alias(p.Topic):
		*known = string(p.Topic)
	}
	return *known, nil
}

// pubrec answers PUBREC with PUBREL; what an MQTT 5 client refused is done.
func (c *conn) pubrec(w *worker, p *mqtt.Pubrec) error {
	known := c.session.PubRec(p.PacketID, p.ReasonCode.IsError())
	if p.ReasonCode.IsError() {
		w.pull = true
		return nil
	}
	reason := mqtt.ReasonSuccess
	if !known {
		if !c.session.Attached() {
			return errTakenOver // it is sent again, by the next connection
		}
		reason = mqtt.ReasonPacketIDNotFound
	}
	c.session.Sync(&w.turn) // once it is released it must not be sent again
	w.acks = c.appendAck(w.acks, mqtt.TypePubrel, p.PacketID, reason)
	return nil
}

func (c *conn) subscribe(w *worker, p *mqtt.Subscribe) error {
	if len(p.Filters) > c.cfg.MaxFilters {
		return errManyFilters
	}
	ack := mqtt.Suback{PacketID: p.PacketID}
	mount := c.cfg.MountPoint
	for i := range p.Filters {
		f := &p.Filters[i]
		reason := mqtt.ReasonTopicFilterInvalid
		if !tooLong(mount, f.TopicFilter) {
			reason = c.session.Subscribe(mountedFilter(mount, f.TopicFilter), broker.SubscribeOptions{
				QoS: f.QoS, NoLocal: f.NoLocal, RetainAsPublished: f.RetainAsPublished,
				RetainHandling: f.RetainHandling, Identifier: p.Properties.SubscriptionID,
			})
		}
		ack.ReasonCodes = append(ack.ReasonCodes, reason)
	}
	var err error
	c.session.SyncSubscriptions(&w.turn)
	w.acks, err = c.appendExplained(w.acks, &ack, &ack.Properties.ReasonString, refused(ack.ReasonCodes))
	w.retained = true
	return err
}

// disconnect ends the connection as the client wishes.
func (c *conn) disconnect(p *mqtt.Disconnect) error {
	if p.Properties.HasSessionExpiry {
		expiry := min(expiryOf(p.Properties.SessionExpiry), c.cfg.SessionExpiry)
		if c.expiry == 0 && expiry != 0 {
			return errExpiryFromNil
		}
		c.session.SetExpiry(expiry)
	}
	c.leaving = p.ReasonCode == mqtt.ReasonNormalDisconnection // [MQTT-3.1.2-8]
	return errLeft
}

// alias returns b as a string without a copy, valid as long as b.
func alias(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
