package gateway

import (
	"hash/maphash"
	"net/netip"
	"time"

	"snbroker/mqttsn"
)

// bucket holds what somebody may still send: a second's worth at most.
type bucket struct {
	credit float64
	at     instant // 0: never used
}

// take reports whether one more is within so many a second.
func (b *bucket) take(now instant, perSecond int) bool {
	if b.at == 0 {
		b.credit = float64(perSecond)
	} else {
		b.credit = min(float64(perSecond), b.credit+float64(now-b.at)*float64(perSecond)/float64(time.Second))
	}
	b.at = now
	if b.credit < 1 {
		return false
	}
	b.credit--
	return true
}

// addressSlots bounds the memory for addresses; those with the same hash share
// what they may send.
const addressSlots = 1 << 14

// tooFast counts a PUBLISH, and reports whether it is one too many. s is nil for
// one without a connection.
func (g *Gateway) tooFast(p peer, s *session) bool {
	o := &p.link.options
	if s != nil && o.MaxMessageRate > 0 {
		if g.deviceRates == nil {
			g.deviceRates = make(map[*session]*bucket)
		}
		b := g.deviceRates[s]
		if b == nil {
			b = new(bucket)
			g.deviceRates[s] = b // until the session leaves
		}
		if !b.take(g.now, o.MaxMessageRate) {
			g.stats.TooFast++
			g.complain("PUBLISH not taken: max_message_rate is reached", p, s.id)
			return true
		}
	}
	if o.MaxMessageRatePerAddress > 0 {
		if p.link.addressRates == nil {
			p.link.addressRates = make([]bucket, addressSlots)
		}
		slot := maphash.Comparable(g.guard.seed, host(p)) % addressSlots
		if !p.link.addressRates[slot].take(g.now, o.MaxMessageRatePerAddress) {
			g.stats.TooFast++
			g.complain("PUBLISH not taken: max_message_rate_per_address is reached", p, "")
			return true
		}
	}
	return false
}

// host is what belongs to one owner: an IPv4 address, an IPv6 /64 network, or a
// peer on a link without IP.
func host(p peer) any {
	at := p.addr
	if p.link.options.Whereabouts != nil {
		at = p.link.options.Whereabouts(at)
	}
	if !at.IP.IsValid() {
		return at.Node
	}
	ip := at.IP.Addr().WithZone("")
	if ip.Is4() {
		return netip.PrefixFrom(ip, 32)
	}
	return netip.PrefixFrom(ip, 64).Masked()
}

// slowDown answers a PUBLISH that is one too many, where there is an answer.
func (s *session) slowDown(m *mqttsn.Publish) {
	if m.QoS != mqttsn.QoS0 {
		s.pubAckFor(Token{TopicID: m.TopicID, MsgID: m.MsgID}, mqttsn.ReturnCongestion)
	}
}
