package admin

import (
	"net/http"
	"strings"
	"time"

	"snbroker/broker"
	"snbroker/gateway"
	"snbroker/internal/auth"
	"snbroker/internal/listener"
)

// Client is a session with whoever is attached to it. Durations are in seconds.
type Client struct {
	ID            string    `json:"id"`
	Kind          string    `json:"kind"`  // "program" (MQTT) or "device" (MQTT-SN)
	State         string    `json:"state"` // "connected", of devices "connecting", "active", "asleep" or "awake"; or "offline"
	Address       string    `json:"address,omitempty"`
	Listener      string    `json:"listener,omitempty"`
	Version       string    `json:"version,omitempty"` // of MQTT
	User          string    `json:"user,omitempty"`    // "": anonymous
	KeepAlive     float64   `json:"keep_alive,omitempty"`
	Sleep         float64   `json:"sleep,omitempty"` // that the device said last
	Heard         time.Time `json:"heard,omitzero"`
	WakeDue       time.Time `json:"wake_due,omitzero"`
	LostAt        time.Time `json:"lost_at,omitzero"` // if nothing is heard until then
	Congested     time.Time `json:"congested_until,omitzero"`
	Queued        int       `json:"queued"`
	QueuedBytes   int       `json:"queued_bytes"`
	Inflight      int       `json:"inflight"`
	Subscriptions int       `json:"subscriptions"`
	TopicIDs      int       `json:"topic_ids"`
	Dropped       uint64    `json:"dropped"`
	Retries       int       `json:"retries"`    // messages sent to the device again
	RoundTrip     float64   `json:"round_trip"` // how long the device takes to answer, smoothed; 0: not known
}

// ClientPage is some of the clients, by their ids.
type ClientPage struct {
	Clients []Client `json:"clients"`
	Total   int      `json:"total"`          // on all pages
	Next    string   `json:"next,omitempty"` // "": this is the last page
}

var clientStates = []string{"connected", "connecting", "active", "asleep", "awake", "offline"}

func (s *Server) clients(w http.ResponseWriter, r *http.Request) {
	limit, ok := limitOf(w, r)
	if !ok {
		return
	}
	kind, ok := oneOf(w, r, "kind", "program", "device")
	if !ok {
		return
	}
	state, ok := oneOf(w, r, "state", clientStates...)
	if !ok {
		return
	}
	search := strings.ToLower(r.URL.Query().Get("search"))
	after := r.URL.Query().Get("after")
	want := func(one *broker.Session) bool {
		if !strings.Contains(strings.ToLower(one.ID()), search) {
			return false
		}
		if kind == "" && state == "" {
			return true
		}
		i := one.Info()
		return (kind == "" || kindOf(&i) == kind) && (state == "" || mayBe(&i, state))
	}
	var page ClientPage
	var ids []string
	if deviceState(state) {
		ids, page.Total = s.inState(state, after, limit+1, want)
	} else {
		ids, page.Total = s.cfg.Broker.IDs(after, limit+1, want)
	}
	if len(ids) > limit {
		ids = ids[:limit]
		page.Next = ids[limit-1]
	}
	page.Clients = s.describe(ids)
	answer(w, http.StatusOK, page)
}

// mayBe tells whether a session may be in a state, as far as the broker knows.
func mayBe(i *broker.SessionInfo, state string) bool {
	switch state {
	case "offline":
		return i.Client == nil
	case "connected":
		return i.Client != nil && kindOf(i) == "program"
	}
	return i.Client != nil && kindOf(i) == "device"
}

func deviceState(state string) bool {
	return state == "connecting" || state == "active" || state == "asleep" || state == "awake"
}

// inState picks out devices in a state, which the gateway alone knows.
func (s *Server) inState(state, after string, limit int, want func(*broker.Session) bool) (ids []string, total int) {
	all, n := s.cfg.Broker.IDs("", s.cfg.Broker.Stats().Sessions+1, want)
	all = all[:min(n, len(all))]
	for i, d := range s.cfg.Gateway.Devices(all) {
		if d.State.String() != state {
			continue
		}
		if total++; len(ids) < limit && (after == "" || all[i] > after) {
			ids = append(ids, all[i])
		}
	}
	return ids, total
}

func kindOf(i *broker.SessionInfo) string {
	if i.Survives || i.Client == nil && i.Kept != nil {
		return "device"
	}
	return "program"
}

// describe tells of clients. One whose session ended in the meantime is left out.
func (s *Server) describe(ids []string) []Client {
	out := make([]Client, 0, len(ids))
	devices := s.cfg.Gateway.Devices(ids)
	for i, id := range ids {
		if info, ok := s.cfg.Broker.Session(id); ok {
			out = append(out, describeClient(&info, &devices[i]))
		}
	}
	return out
}

func describeClient(i *broker.SessionInfo, d *gateway.Device) Client {
	c := Client{
		ID: i.ClientID, Kind: kindOf(i), State: "offline", Queued: i.Queued, QueuedBytes: i.QueuedBytes, Inflight: i.Inflight,
		Subscriptions: i.Subscriptions, TopicIDs: len(gateway.TopicsOf(i.Kept)), Dropped: i.Dropped,
	}
	if who, ok := i.Identity.(*auth.Identity); ok && who != nil {
		c.User = who.Username
	}
	switch l, regular := listener.Describe(i.Client); {
	case i.Client == nil:
	case regular:
		c.State, c.Address, c.Listener, c.Version, c.KeepAlive = "connected", l.Peer, l.Listener, l.Version.String(), l.KeepAlive.Seconds()
	case d.State != gateway.Disconnected:
		c.State, c.Address, c.Listener, c.KeepAlive, c.Sleep = d.State.String(), d.Peer, d.Link, d.KeepAlive.Seconds(), d.Sleep.Seconds()
		c.Heard, c.WakeDue, c.LostAt, c.Congested = d.Heard, d.WakeDue, d.LostAt, d.Congested
		c.Retries, c.RoundTrip = d.Retries, d.RoundTrip.Seconds()
	default:
		c.State = "connected"
	}
	return c
}
