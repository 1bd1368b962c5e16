package mqtt

import (
	"fmt"
	"strconv"
)

// Describe returns one line about a packet, for traces. It takes anything:
// where frame is not a packet of version v, the line says why. Text is quoted
// and cut, payloads are counted, passwords and authentication data are only
// said to be there.
func Describe(frame []byte, v Version) string {
	if len(frame) == 0 {
		return "nothing"
	}
	d := Decoder{Version: v}
	p, err := d.Decode(frame)
	if err != nil {
		return fmt.Sprintf("%v %d bytes: %v", PacketType(frame[0]>>4), len(frame), err)
	}
	l := line{b: []byte(p.Type().String())}
	switch p := p.(type) {
	case *Connect:
		l.connect(p)
	case *Connack:
		l.connack(p)
	case *Publish:
		l.publish(p)
	case *Puback:
		l.ack(p)
	case *Pubrec:
		l.ack((*Puback)(p))
	case *Pubrel:
		l.ack((*Puback)(p))
	case *Pubcomp:
		l.ack((*Puback)(p))
	case *Subscribe:
		l.subscribe(p)
	case *Suback:
		l.acks(p.PacketID, p.ReasonCodes, &p.Properties)
	case *Unsubscribe:
		l.unsubscribe(p)
	case *Unsuback:
		l.acks(p.PacketID, p.ReasonCodes, &p.Properties)
	case *Disconnect:
		l.disconnect(p, v)
	case *Auth:
		l.auth(p)
	}
	return string(l.b)
}

// line collects words; those for absent values are left out.
type line struct{ b []byte }

const (
	shownText  = 80 // bytes of a string
	shownItems = 8  // of a list
)

func (l *line) word(s string) { l.b = append(append(l.b, ' '), s...) }

func (l *line) flag(name string, set bool) {
	if set {
		l.word(name)
	}
}

func (l *line) num(name string, n uint64) {
	l.word(name)
	l.b = strconv.AppendUint(append(l.b, '='), n, 10)
}

func (l *line) count(name string, n uint64) {
	if n != 0 {
		l.num(name, n)
	}
}

func (l *line) has(name string, has bool, n uint64) {
	if has {
		l.num(name, n)
	}
}

func (l *line) text(name string, s []byte) {
	l.word(name)
	l.b = append(l.b, '=')
	l.quote(s)
}

func (l *line) optional(name string, s []byte) {
	if s != nil {
		l.text(name, s)
	}
}

func (l *line) quote(s []byte) {
	more := ""
	if len(s) > shownText {
		s, more = s[:shownText], "..."
	}
	l.b = append(strconv.AppendQuote(l.b, string(s)), more...)
}

func (l *line) bytes(n int) { l.word(strconv.Itoa(n) + "B") }

func (l *line) reason(c ReasonCode) {
	l.word(fmt.Sprintf("0x%02x", uint8(c)))
	if c != ReasonSuccess { // one number with several names
		l.word("(" + c.String() + ")")
	}
}

// properties shows a Forward or User block.
func (l *line) properties(block []byte) {
	f := ParseForward(block)
	l.has("format", f.HasPayloadFormat, uint64(f.PayloadFormat))
	l.optional("type", f.ContentType)
	l.optional("response", f.ResponseTopic)
	if f.CorrelationData != nil {
		l.num("correlation_bytes", uint64(len(f.CorrelationData)))
	}
	n := 0
	for name, value := range UserProperties(block) {
		if n++; n > shownItems {
			continue
		}
		l.text("user", name)
		l.b = append(l.b, ':')
		l.quote(value)
	}
	if n > shownItems {
		l.word(fmt.Sprintf("and %d more", n-shownItems))
	}
}

func (l *line) connect(p *Connect) {
	l.word(p.Version.String())
	l.flag("bridge", p.Bridge)
	l.text("client", p.ClientID)
	l.flag("clean", p.CleanStart)
	l.num("keepalive", uint64(p.KeepAlive))
	if p.HasUsername {
		l.text("username", p.Username)
	}
	l.flag("password", p.HasPassword)
	q := &p.Properties
	l.has("session_expiry", q.HasSessionExpiry, uint64(q.SessionExpiry))
	l.count("receive_max", uint64(q.ReceiveMaximum))
	l.count("packet_max", uint64(q.MaximumPacketSize))
	l.count("alias_max", uint64(q.TopicAliasMaximum))
	l.flag("wants_response_info", q.RequestResponseInfo)
	l.flag("no_problem_info", q.NoProblemInfo)
	l.optional("auth", q.AuthMethod)
	l.flag("auth_data", q.AuthData != nil)
	l.properties(q.User)
	if w := p.Will; w != nil {
		l.word("will{")
		l.message(w.Topic, w.QoS, w.Retain)
		l.count("delay", uint64(w.Properties.WillDelay))
		l.has("expiry", w.Properties.HasMessageExpiry, uint64(w.Properties.MessageExpiry))
		l.properties(w.Properties.Forward)
		l.bytes(len(w.Payload))
		l.word("}")
	}
}

func (l *line) connack(p *Connack) {
	l.reason(p.ReasonCode)
	l.flag("session_present", p.SessionPresent)
	q := &p.Properties
	l.optional("assigned", q.AssignedClientID)
	l.has("session_expiry", q.HasSessionExpiry, uint64(q.SessionExpiry))
	l.has("keepalive", q.HasServerKeepAlive, uint64(q.ServerKeepAlive))
	l.count("receive_max", uint64(q.ReceiveMaximum))
	l.count("packet_max", uint64(q.MaximumPacketSize))
	l.count("alias_max", uint64(q.TopicAliasMaximum))
	l.has("qos_max", q.HasMaximumQoS, uint64(q.MaximumQoS))
	l.flag("no_retain", q.RetainUnavailable)
	l.flag("no_wildcard", q.WildcardSubUnavailable)
	l.flag("no_subscription_id", q.SubscriptionIDUnavailable)
	l.flag("no_shared", q.SharedSubUnavailable)
	l.optional("response_info", q.ResponseInformation)
	l.optional("server", q.ServerReference)
	l.optional("auth", q.AuthMethod)
	l.flag("auth_data", q.AuthData != nil)
	l.optional("reason", q.ReasonString)
	l.properties(q.User)
}

func (l *line) message(topic []byte, qos QoS, retain bool) {
	l.text("topic", topic)
	l.num("qos", uint64(qos))
	l.flag("retain", retain)
}

func (l *line) publish(p *Publish) {
	l.message(p.Topic, p.QoS, p.Retain)
	l.flag("dup", p.Dup)
	l.count("id", uint64(p.PacketID))
	q := &p.Properties
	l.has("expiry", q.HasMessageExpiry, uint64(q.MessageExpiry))
	l.count("alias", uint64(q.TopicAlias))
	for _, id := range q.SubscriptionIDs[:min(len(q.SubscriptionIDs), shownItems)] {
		l.num("subscription", uint64(id))
	}
	l.properties(q.Forward)
	l.bytes(len(p.Payload))
}

func (l *line) ack(p *Puback) {
	l.num("id", uint64(p.PacketID))
	if p.ReasonCode != ReasonSuccess {
		l.reason(p.ReasonCode)
	}
	l.optional("reason", p.Properties.ReasonString)
	l.properties(p.Properties.User)
}

func (l *line) acks(id uint16, codes []ReasonCode, q *AckProperties) {
	l.num("id", uint64(id))
	for i, c := range codes {
		if i == shownItems {
			l.word(fmt.Sprintf("and %d more", len(codes)-i))
			break
		}
		l.reason(c)
	}
	l.optional("reason", q.ReasonString)
	l.properties(q.User)
}

func (l *line) subscribe(p *Subscribe) {
	l.num("id", uint64(p.PacketID))
	l.count("subscription", uint64(p.Properties.SubscriptionID))
	l.properties(p.Properties.User)
	for i, f := range p.Filters {
		if i == shownItems {
			l.word(fmt.Sprintf("and %d more", len(p.Filters)-i))
			break
		}
		l.text("filter", f.TopicFilter)
		l.num("qos", uint64(f.QoS))
		l.flag("no_local", f.NoLocal)
		l.flag("retain_as_published", f.RetainAsPublished)
		l.count("retain_handling", uint64(f.RetainHandling))
	}
}

func (l *line) unsubscribe(p *Unsubscribe) {
	l.num("id", uint64(p.PacketID))
	l.properties(p.Properties.User)
	for i, f := range p.Filters {
		if i == shownItems {
			l.word(fmt.Sprintf("and %d more", len(p.Filters)-i))
			break
		}
		l.text("filter", f)
	}
}

func (l *line) disconnect(p *Disconnect, v Version) {
	if v != V5 {
		return
	}
	l.reason(p.ReasonCode)
	q := &p.Properties
	l.has("session_expiry", q.HasSessionExpiry, uint64(q.SessionExpiry))
	l.optional("reason", q.ReasonString)
	l.optional("server", q.ServerReference)
	l.properties(q.User)
}

func (l *line) auth(p *Auth) {
	l.reason(p.ReasonCode)
	q := &p.Properties
	l.optional("auth", q.AuthMethod)
	l.flag("auth_data", q.AuthData != nil)
	l.optional("reason", q.ReasonString)
	l.properties(q.User)
}
