package admin

import (
	"testing"
	"time"

	"snbroker/broker"
)

// An hour of points, ten seconds apart, with rates between them.
func TestHistory(t *testing.T) {
	var h *History
	b := newBench(t, func(c *Config) {
		h = NewHistory(c.Broker, c.Gateway, nil)
		c.History = h
	})
	publish := func() {
		var turn broker.Turn
		b.broker.Publish(&broker.Publication{Topic: "a", Payload: []byte("x")}, &turn)
		b.broker.End(&turn)
	}
	var points []HistoryPoint
	if b.get("/api/v1/history", &points); points == nil || len(points) != 0 {
		t.Errorf("%+v", points)
	}
	now := time.Now()
	h.Add(now)
	for range 20 {
		publish()
	}
	h.Add(now.Add(3 * time.Second)) // too soon
	h.Add(now.Add(10 * time.Second))
	b.get("/api/v1/history", &points)
	if len(points) != 1 || points[0].Published != 2 || points[0].Commit != nil || len(points[0].Devices) != 4 {
		t.Errorf("%+v", points)
	}
	for i := range 2 * historyPoints {
		h.Add(now.Add(time.Duration(i+2) * 10 * time.Second))
	}
	b.get("/api/v1/history", &points)
	if len(points) != historyPoints || points[0].At.Unix() != points[len(points)-1].At.Unix()-10*(historyPoints-1) {
		t.Errorf("%d points from %v to %v", len(points), points[0].At, points[len(points)-1].At)
	}
	if n := testing.AllocsPerRun(10, func() { now = now.Add(24 * time.Hour); h.Add(now) }); n > 2 {
		t.Errorf("%v allocations a point", n) // the broker's map of reasons
	}
}
