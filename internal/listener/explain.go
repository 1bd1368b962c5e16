package listener

import "snbroker/internal/mqtt"

// explanations are the reason strings of refusals: what a developer at the
// other end should know beyond the code. Whatever says more than a stranger may
// know (which part of a login was wrong) is not here.
var explanations = map[mqtt.ReasonCode]string{
	mqtt.ReasonNotAuthorized:               "not allowed by the server's access rules",
	mqtt.ReasonQuotaExceeded:               "a limit of the server is reached: queues, retained messages, subscriptions or its disk are full",
	mqtt.ReasonImplementationSpecificError: "the server's disk fails: what has to be kept is not taken in",
	mqtt.ReasonTopicNameInvalid:            "the topic is longer or deeper than the server allows",
	mqtt.ReasonTopicFilterInvalid:          "the topic filter is longer or deeper than the server allows",
	mqtt.ReasonPacketIDNotFound:            "no exchange with this packet identifier is under way",
	mqtt.ReasonReceiveMaximumExceeded:      "more QoS 2 publishes under way than the server's Receive Maximum",
	mqtt.ReasonClientIDNotValid:            "the client identifier is empty, or not this client's to use",
	mqtt.ReasonUnsupportedProtocolVersion:  "this listener does not serve this version of MQTT",
	mqtt.ReasonBadAuthenticationMethod:     "the server knows no such authentication method",
	mqtt.ReasonServerBusy:                  "too many logins at a time; try again later",
	mqtt.ReasonBanned:                      "too many failed or repeated logins; try again later",
	mqtt.ReasonServerUnavailable:           "the server is shutting down, or cannot decide about logins now",
	mqtt.ReasonServerShuttingDown:          "the server is shutting down",
	mqtt.ReasonSessionTakenOver:            "another connection uses this client identifier",
	mqtt.ReasonKeepAliveTimeout:            "nothing was heard for one and a half keep-alives",
}

// explanation returns the reason string for r; nil for none, and for a client
// that asked for none (MQTT 5 §3.1.2.11.7).
func (c *conn) explanation(r mqtt.ReasonCode) []byte {
	if text, ok := explanations[r]; ok && c.explain {
		return []byte(text)
	}
	return nil
}

// said is explanation where an error says more than its code does.
func (c *conn) said(text string, r mqtt.ReasonCode) []byte {
	if text != "" && c.explain {
		return []byte(text)
	}
	return c.explanation(r)
}

// appendAck appends an acknowledgement of a PUBLISH or PUBREL.
func (c *conn) appendAck(b []byte, t mqtt.PacketType, id uint16, reason mqtt.ReasonCode) []byte {
	if reason.IsError() && c.explain {
		return c.appendRefusal(b, t, id, reason)
	}
	return mqtt.AppendAck(b, c.version, t, id, reason)
}

// appendRefusal appends an acknowledgement that says no, and why.
//
//go:noinline
func (c *conn) appendRefusal(b []byte, t mqtt.PacketType, id uint16, reason mqtt.ReasonCode) []byte {
	ack := &mqtt.Puback{PacketID: id, ReasonCode: reason}
	var p mqtt.Packet = ack
	switch t {
	case mqtt.TypePubrec:
		p = (*mqtt.Pubrec)(ack)
	case mqtt.TypePubrel:
		p = (*mqtt.Pubrel)(ack)
	case mqtt.TypePubcomp:
		p = (*mqtt.Pubcomp)(ack)
	}
	b, _ = c.appendExplained(b, p, &ack.Properties.ReasonString, reason)
	return b
}

// appendExplained appends p with the explanation of reason in its field, or
// without one where the client does not take so much.
func (c *conn) appendExplained(b []byte, p mqtt.Packet, field *[]byte, reason mqtt.ReasonCode) ([]byte, error) {
	*field = c.explanation(reason)
	return appendFitting(b, c.version, p, field, c.sendLimit)
}

// appendFitting appends p, leaving out its reason string if p would be longer
// than limit with it [MQTT-3.4.2-2]; 0 is no limit.
func appendFitting(b []byte, v mqtt.Version, p mqtt.Packet, reasonString *[]byte, limit int) ([]byte, error) {
	whole, err := p.AppendTo(b, v)
	if err == nil && limit > 0 && len(whole)-len(b) > limit && *reasonString != nil {
		*reasonString = nil
		return p.AppendTo(b, v)
	}
	return whole, err
}

func appendConnack(b []byte, v mqtt.Version, ack mqtt.Connack, why []byte, limit int) []byte {
	ack.Properties.ReasonString = why
	b, _ = appendFitting(b, v, &ack, &ack.Properties.ReasonString, limit)
	return b
}

func appendDisconnect(b []byte, reason mqtt.ReasonCode, why []byte, limit int) []byte {
	d := mqtt.Disconnect{ReasonCode: reason}
	d.Properties.ReasonString = why
	b, _ = appendFitting(b, mqtt.V5, &d, &d.Properties.ReasonString, limit)
	return b
}

// refused returns the first of codes that is a refusal.
func refused(codes []mqtt.ReasonCode) mqtt.ReasonCode {
	for _, r := range codes {
		if r.IsError() {
			return r
		}
	}
	return mqtt.ReasonSuccess
}
