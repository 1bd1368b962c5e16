package admin

import (
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"snbroker/broker"
	"snbroker/gateway"
	"snbroker/internal/auth"
	"snbroker/mqttsn"
)

// metrics serves what the collector tells, and what Go and the system tell of the
// process.
func (s *Server) metrics() http.HandlerFunc {
	r := prometheus.NewRegistry()
	r.MustRegister(newCollector(s), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{MaxRequestsInFlight: 4}).ServeHTTP
}

// collector reads the counts of all parts when it is asked.
type collector struct {
	s   *Server
	all map[string]described
}

func newCollector(s *Server) *collector {
	return &collector{s: s, all: describe()}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	for _, m := range c.all {
		to <- m.desc
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	g := gathering{c, to}
	g.value("info", 1, c.s.cfg.Version)
	g.value("ready", truth(c.s.health().OK))
	g.value("start_time_seconds", float64(c.s.begun.UnixMilli())/1000)
	g.broker(c.s.cfg.Broker)
	n := c.s.cfg.Gateway.Stats()
	g.gateway(&n)
	for _, l := range c.s.cfg.Listeners() {
		g.listener(&l)
	}
	g.store()
	for why, n := range c.s.cfg.Clients.Refusals() {
		g.value("auth_refused_total", float64(n), why.String())
	}
	denied := c.s.cfg.Clients.Denials()
	g.count("acl_denied_total", denied.Publish, "publish")
	g.count("acl_denied_total", denied.Subscribe, "subscribe")
	g.count("acl_denied_total", denied.Receive, "receive")
	g.value("auth_bans", float64(c.s.cfg.Clients.Bans(time.Now())))
	for _, why := range []auth.Reason{auth.ReasonBadCredentials, auth.ReasonBanned} {
		g.value("admin_refused_total", float64(c.s.cfg.Users.Refusals()[why]), why.String())
	}
}

// gathering is one answer of the collector.
type gathering struct {
	c  *collector
	to chan<- prometheus.Metric
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (g gathering) metric(name string, labels []string) described {
	m := g.c.all[name]
	if m.wrong(labels) {
		panic(fmt.Sprintf("admin: metric %q with labels %q is not in the catalogue", name, labels))
	}
	return m
}

func (g gathering) value(name string, v float64, labels ...string) {
	m := g.metric(name, labels)
	kind := prometheus.GaugeValue
	if m.kind == counter {
		kind = prometheus.CounterValue
	}
	g.to <- prometheus.MustNewConstMetric(m.desc, kind, v, labels...)
}

// count is value for the integers that counters are.
func (g gathering) count(name string, n uint64, labels ...string) {
	g.value(name, float64(n), labels...)
}

func (g gathering) took(name string, n uint64, all time.Duration) {
	g.to <- prometheus.MustNewConstSummary(g.metric(name, nil).desc, n, all.Seconds(), nil)
}

func (g gathering) broker(b *broker.Broker) {
	stats, traffic := b.Stats(), g.c.s.traffic.of(b)
	g.value("sessions", float64(stats.Sessions))
	g.value("sessions_connected", float64(traffic.Connected))
	g.count("sessions_expired_total", traffic.Expired)
	g.value("subscriptions", float64(stats.Subscriptions))
	g.value("subscriptions_shared", float64(traffic.Shared))
	g.value("retained_messages", float64(stats.Retained))
	g.value("queue_messages", float64(traffic.Queued))
	g.value("queue_bytes", float64(b.QueuedBytes()))
	g.count("messages_published_total", stats.Published)
	g.count("messages_queued_total", stats.Delivered)
	g.count("messages_delivered_total", traffic.Sent)
	g.count("payload_bytes_published_total", traffic.BytesIn)
	g.count("payload_bytes_delivered_total", traffic.BytesOut)
	for why, n := range stats.Dropped {
		g.count("messages_dropped_total", n, why.String())
	}
}

func (g gathering) gateway(n *gateway.Stats) {
	for _, state := range deviceStates {
		g.value("devices", float64(n.Devices(state)), state.String())
	}
	g.count("devices_lost_total", n.Lost)
	g.count("stalls_total", n.Stalls)
	for t := range n.In {
		if kind := mqttsn.MsgType(t); n.In[t]+n.Out[t] > 0 {
			g.count("mqttsn_messages_total", n.In[t], "in", kind.String())
			g.count("mqttsn_messages_total", n.Out[t], "out", kind.String())
		}
	}
	for why, n := range n.Malformed {
		g.count("mqttsn_malformed_total", n, mqttsn.Error(why).Reason())
	}
	g.count("mqttsn_ignored_total", n.Ignored)
	g.count("mqttsn_strangers_total", n.Refused-n.Hushed, "yes")
	g.count("mqttsn_strangers_total", n.Hushed, "no")
	g.count("mqttsn_qos_minus_one_dropped_total", n.QoSMinusOneDropped)
	for rc, n := range n.ConnectRefused {
		if code := mqttsn.ReturnCode(rc); code != mqttsn.ReturnAccepted {
			g.count("mqttsn_connects_refused_total", n, code.String())
		}
	}
	g.count("mqttsn_tokens_expired_total", n.Expired)
	g.count("mqttsn_too_fast_total", n.TooFast)
	g.count("mqttsn_unproved_total", n.Held, "held")
	g.count("mqttsn_unproved_total", n.Challenges, "challenged")
	g.count("mqttsn_unproved_total", n.Guessed, "guessed")
	g.count("mqttsn_unproved_total", n.Displaced, "displaced")
	g.count("mqttsn_duplicates_total", n.Duplicates)
	g.count("mqttsn_retries_total", n.Retries)
	g.took("mqttsn_round_trip_seconds", n.RoundTrips, n.RoundTripTime)
	g.count("mqttsn_encode_errors_total", n.EncodeErrors)
	g.count("mqttsn_auth_refused_total", n.AuthRefused)
}

// deviceStates are those that the gateway counts devices in.
var deviceStates = []gateway.State{gateway.Connecting, gateway.Active, gateway.Asleep, gateway.Awake}
