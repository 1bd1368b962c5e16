package admin

import (
	"net/http"
	"strings"

	"snbroker/broker"
	"snbroker/internal/mqtt"
)

// SubscriptionPage is some of the subscriptions, by client and filter.
type SubscriptionPage struct {
	Subscriptions []Subscription `json:"subscriptions"`
	Total         int            `json:"total"`
	Next          string         `json:"next,omitempty"`
}

// between separates client and filter in a page's next; neither may have it.
const between = "\x00"

func (s *Server) subscriptions(w http.ResponseWriter, r *http.Request) {
	limit, ok := limitOf(w, r)
	if !ok {
		return
	}
	q := r.URL.Query()
	search, topic := strings.ToLower(q.Get("search")), q.Get("topic")
	if topic != "" && !mqtt.ValidTopicName([]byte(topic)) {
		fail(w, http.StatusBadRequest, "topic=%s: want the name of a topic, without wildcards", topic)
		return
	}
	var after broker.SubscriptionInfo
	after.ClientID, after.Filter, _ = strings.Cut(q.Get("after"), between)
	found, total := s.cfg.Broker.Subscriptions(after, limit+1, func(clientID, filter string) bool {
		return (topic == "" || broker.Matches(filter, topic)) &&
			(search == "" || strings.Contains(strings.ToLower(filter), search) || strings.Contains(strings.ToLower(clientID), search))
	})
	page := SubscriptionPage{Subscriptions: []Subscription{}, Total: total}
	if len(found) > limit {
		found = found[:limit]
		page.Next = found[limit-1].ClientID + between + found[limit-1].Filter
	}
	for i := range found {
		page.Subscriptions = append(page.Subscriptions, subscription(&found[i]))
	}
	answer(w, http.StatusOK, page)
}
