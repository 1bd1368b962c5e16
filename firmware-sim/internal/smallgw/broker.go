package smallgw

import (
	"slices"
	"strings"

	"snbroker/mqttsn"
)

// Subscribe has the program get what filters match, at QoS 2.
func (g *Gateway) Subscribe(filters []string) { g.filters = append(g.filters, filters...) }

// Publish is the program's.
func (g *Gateway) Publish(topic string, payload []byte, qos uint8) {
	g.deliver(message{topic, clone(payload), mqttsn.QoS(qos), false})
}

// Retained gives what is retained below the program's filters, in order.
func (g *Gateway) Retained(yield func(topic string, payload []byte)) {
	var topics []string
	for t := range g.retained {
		topics = append(topics, t)
	}
	slices.Sort(topics)
	for _, t := range topics {
		if slices.ContainsFunc(g.filters, func(f string) bool { return matches(f, t) }) {
			yield(t, g.retained[t].payload)
		}
	}
}

// deliver gives a message to all who want it.
func (g *Gateway) deliver(m message) {
	if m.retain {
		if len(m.payload) == 0 {
			delete(g.retained, m.topic)
		} else {
			g.retained[m.topic] = m
		}
	}
	m.retain = false // for subscriptions that are there
	for _, f := range g.filters {
		if matches(f, m.topic) {
			g.cfg.Message(m.topic, m.payload)
			break
		}
	}
	for _, s := range g.exact[m.topic] {
		s.enqueue(m)
	}
	for _, s := range g.wild {
		s.enqueue(m)
	}
}

func hasWildcard(filter string) bool { return strings.ContainsAny(filter, "+#") }

// matches says whether a filter covers a topic.
func matches(filter, topic string) bool {
	for {
		f, filterRest, moreFilter := strings.Cut(filter, "/")
		if f == "#" {
			return true
		}
		t, topicRest, moreTopic := strings.Cut(topic, "/")
		switch {
		case f != "+" && f != t:
			return false
		case !moreTopic:
			return !moreFilter || filterRest == "#"
		case !moreFilter:
			return false
		}
		filter, topic = filterRest, topicRest
	}
}

// index puts a session among those who subscribed, and unindex takes it away.
func (g *Gateway) index(s *session, filter string) {
	if hasWildcard(filter) {
		if !slices.Contains(g.wild, s) {
			g.wild = append(g.wild, s)
		}
	} else if !slices.Contains(g.exact[filter], s) {
		g.exact[filter] = append(g.exact[filter], s)
	}
}

func (g *Gateway) unindex(s *session, filter string) {
	without := func(all []*session) []*session {
		return slices.DeleteFunc(all, func(o *session) bool { return o == s })
	}
	if hasWildcard(filter) {
		if !slices.ContainsFunc(s.subs, func(o subscription) bool { return hasWildcard(o.filter) }) {
			g.wild = without(g.wild)
		}
	} else if left := without(g.exact[filter]); len(left) > 0 {
		g.exact[filter] = left
	} else {
		delete(g.exact, filter)
	}
}
