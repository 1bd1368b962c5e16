package gateway

import (
	"hash/maphash"

	"snbroker/mqttsn"
)

// lastRequest remembers the last CONNECT or SUBSCRIBE, to know it when it comes
// again because its answer was lost.
type lastRequest struct {
	hash uint64
	kind mqttsn.MsgType
}

func (l *lastRequest) connected(hash uint64) { *l = lastRequest{hash, mqttsn.TypeConnect} }

// connecting tells whether nothing came since the CONNECT and its dialogue.
func (l *lastRequest) connecting() bool { return l.kind == mqttsn.TypeConnect }

// repeatedConnect tells whether a CONNECT is the same as the last message, and
// came soon enough after it to be its repetition.
func (l *lastRequest) repeatedConnect(hash uint64, heard instant, g *Gateway) bool {
	return l.kind == mqttsn.TypeConnect && l.hash == hash && g.now-heard <= g.patience()
}

// pass notes another message. It ends the memory of a CONNECT, except for the
// dialogue's own; acknowledgements do not end that of a SUBSCRIBE.
func (l *lastRequest) pass(t mqttsn.MsgType) {
	switch t {
	case mqttsn.TypeWillTopic, mqttsn.TypeWillMsg, mqttsn.TypeAuth:
	case mqttsn.TypePubAck, mqttsn.TypePubRec, mqttsn.TypePubComp, mqttsn.TypeRegAck:
		if l.kind == mqttsn.TypeConnect {
			*l = lastRequest{}
		}
	default:
		*l = lastRequest{}
	}
}

// repeatedSubscribe tells whether m came before, and nothing but
// acknowledgements since. hash is of its octets after the flags, so that DUP
// makes no difference.
func (l *lastRequest) repeatedSubscribe(hash uint64, m *mqttsn.Subscribe) bool {
	hash ^= uint64(m.QoS)<<2 | uint64(m.TopicIDType)
	again := l.kind == mqttsn.TypeSubscribe && l.hash == hash && m.MsgID != 0
	*l = lastRequest{hash, mqttsn.TypeSubscribe}
	return again
}

// patience is how long a device repeats a request, at most.
func (g *Gateway) patience() instant {
	return instant(g.cfg.TRetry) * instant(g.cfg.NRetry+1)
}

func (g *Gateway) hash(raw []byte) uint64 { return maphash.Bytes(g.guard.seed, raw) }

// repeatedConnect answers a CONNECT that came again because the answer was
// lost: the same octets, and nothing else since.
func (s *session) repeatedConnect(raw []byte) bool {
	if !s.lastRequest.repeatedConnect(s.g.hash(raw), s.heard, s.g) {
		return false
	}
	s.g.stats.Duplicates++
	s.heard = s.g.now
	switch {
	case s.dialog != nil && s.dialog.prompts():
		s.prompt(s.dialog.step)
	case s.dialog != nil && s.dialog.step == awaitAuth:
		s.awaitAuth()
	case s.dialog == nil && s.state == Active:
		s.connAck(mqttsn.ReturnAccepted)
	}
	return true
}

// repeatConnAck answers the end of a dialogue again whose CONNACK was lost.
func (s *session) repeatConnAck() {
	if s.lastRequest.connecting() {
		s.g.stats.Duplicates++
		s.connAck(mqttsn.ReturnAccepted)
	} else {
		s.g.stats.Ignored++
	}
}
