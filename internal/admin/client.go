package admin

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"snbroker/broker"
	"snbroker/gateway"
	"snbroker/mqttsn"
)

// ClientDetail is all that is known of one client.
type ClientDetail struct {
	Client
	Expiry    float64        `json:"expiry"`   // of the session after the connection; -1: it stays
	Durable   bool           `json:"durable"`  // the queue is on the disk
	Received  int            `json:"received"` // QoS 2 publishes that are not released
	HasWill   bool           `json:"has_will"`
	Filters   []Subscription `json:"filters"`
	Topics    []TopicID      `json:"topics"`
	DropsBy   []Count        `json:"drops_by_reason"`
	LastDrops []Drop         `json:"last_drops"` // newest first
}

// Subscription is one of a client.
type Subscription struct {
	Client string `json:"client"`
	Filter string `json:"filter"`
	QoS    int    `json:"qos"`
	// The following are MQTT 5's.
	NoLocal           bool   `json:"no_local,omitempty"`
	RetainAsPublished bool   `json:"retain_as_published,omitempty"`
	Identifier        uint32 `json:"identifier,omitempty"`
}

// TopicID is one that a device has.
type TopicID struct {
	ID        int    `json:"id"`
	Type      string `json:"type"` // "normal", "predefined" or "short"
	Name      string `json:"name"`
	Confirmed bool   `json:"confirmed"` // the device is known to know it
}

// Count is a number by a name.
type Count struct {
	Name string `json:"name"`
	N    uint64 `json:"n"`
}

// Drop is a message that a client did not get, or could not publish.
type Drop struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
	Why    string    `json:"why"` // the same in words
	Topic  string    `json:"topic"`
	QoS    int       `json:"qos"`
}

// reasons are the drop reasons in words, with what to do about them.
var reasons = map[broker.DropReason]string{
	broker.DropQueueFull:     "the queue was full: the client takes messages more slowly than they come, or is away; see max_queued, max_queued_bytes and queue_policy in [limits]",
	broker.DropExpired:       "its message expiry passed while it waited",
	broker.DropTooLarge:      "it is larger than the client's largest packet, or what the device's link or max_message carries",
	broker.DropRefused:       "the device did not take its topic, or has too many topic ids (max_topics in [limits])",
	broker.DropMemory:        "all queues together are at max_memory in [limits]",
	broker.DropNotAuthorized: "the access rules (acl_file in [auth]) do not allow it",
	broker.DropStore:         "it would have to be kept, and the disk is full or fails",
	broker.DropUnreadable:    "it was on the disk, and cannot be read any more",
}

// Explain says why a message was dropped, and what to do about it.
func Explain(why broker.DropReason) string { return reasons[why] }

func (s *Server) client(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("id")
	info, ok := s.cfg.Broker.Session(id)
	if !ok {
		fail(w, http.StatusNotFound, "no client has the id %q", id)
		return
	}
	devices := s.cfg.Gateway.Devices([]string{id})
	d := ClientDetail{Client: describeClient(&info, &devices[0]), Expiry: info.Expiry.Seconds(), Durable: info.Durable, Received: info.Received,
		HasWill: info.HasWill, Filters: []Subscription{}, Topics: []TopicID{}, DropsBy: []Count{}, LastDrops: []Drop{}}
	if info.Expiry == broker.Never {
		d.Expiry = -1
	}
	for _, one := range s.cfg.Broker.SubscriptionsOf(id) {
		d.Filters = append(d.Filters, subscription(&one))
	}
	for _, t := range gateway.TopicsOf(info.Kept) {
		d.Topics = append(d.Topics, TopicID{int(t.ID), topicKind(t.Type), t.Name, t.Confirmed || t.Type != mqttsn.TopicNormal})
	}
	drops := s.cfg.Broker.Drops(id)
	for why, n := range drops.Counts {
		if n > 0 {
			d.DropsBy = append(d.DropsBy, Count{broker.DropReason(why).String(), n})
		}
	}
	slices.SortFunc(d.DropsBy, func(a, b Count) int { return cmp.Compare(b.N, a.N) })
	for _, one := range drops.Last {
		d.LastDrops = append(d.LastDrops, Drop{one.At, one.Why.String(), reasons[one.Why], one.Topic, int(one.QoS)})
	}
	answer(w, http.StatusOK, d)
}

func topicKind(t mqttsn.TopicIDType) string {
	switch t {
	case mqttsn.TopicPredefined:
		return "predefined"
	case mqttsn.TopicShort:
		return "short"
	}
	return "normal"
}

func subscription(i *broker.SubscriptionInfo) Subscription {
	o := &i.Options
	return Subscription{i.ClientID, i.Filter, int(o.QoS), o.NoLocal, o.RetainAsPublished, o.Identifier}
}
