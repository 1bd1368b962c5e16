package admin

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"snbroker/broker"
	"snbroker/gateway"
	"snbroker/internal/listener"
	"snbroker/transport"
	"snbroker/transport/dtls"
	"snbroker/transport/serial"
)

// Every metric of the catalogue is told, with the labels it says, and no other.
func TestMetricsAreTheCatalogue(t *testing.T) {
	b := newBench(t, nil)
	b.Ready()
	var turn broker.Turn
	b.broker.Publish(&broker.Publication{Topic: "a", Payload: []byte("xyz")}, &turn)
	b.broker.End(&turn)
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(newCollector(b.Server))
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	told := make(map[string]float64)
	for _, f := range families {
		m := f.Metric[0]
		var labels []string
		for _, l := range m.Label {
			labels = append(labels, l.GetName())
		}
		slices.Sort(labels)
		told[f.GetName()] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		i := slices.IndexFunc(catalogue, func(c metric) bool { return c.fullName() == f.GetName() })
		if i < 0 {
			t.Errorf("%s is not in the catalogue", f.GetName())
			continue
		}
		want := catalogue[i].labelNames()
		slices.Sort(want)
		if kind := strings.ToLower(f.GetType().String()); kind != catalogue[i].kind || !slices.Equal(labels, want) {
			t.Errorf("%s is a %s with %q", f.GetName(), kind, labels)
		}
	}
	for _, m := range catalogue {
		if _, ok := told[m.fullName()]; !ok && m.name != "mqttsn_messages_total" { // no device is there
			t.Errorf("%s is not told", m.name)
		}
	}
	for name, want := range map[string]float64{"ready": 1, "messages_published_total": 1, "payload_bytes_published_total": 3, "store_healthy": 1} {
		if told["snbroker_"+name] != want {
			t.Errorf("%s is %v", name, told["snbroker_"+name])
		}
	}
}

// The table of docs/metrics.md is made of the catalogue.
func TestMetricsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, m := range catalogue {
		labels := ""
		if m.labels != "" {
			labels = "`" + strings.ReplaceAll(m.labels, ",", "`, `") + "`"
		}
		fmt.Fprintf(&want, "| `%s` | %s | %s | %s |\n", m.fullName(), m.kind, labels, m.help)
	}
	_, table, _ := strings.Cut(string(text), "|---|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	if got := table + "\n"; got != want.String() {
		t.Errorf("the table has to be:\n%s", want.String())
	}
}

// part tells some of what the collector tells.
type part struct {
	c    *collector
	tell func(gathering)
}

func (part) Describe(chan<- *prometheus.Desc)      {}
func (p part) Collect(to chan<- prometheus.Metric) { p.tell(gathering{p.c, to}) }

func (c *collector) of(tell func(gathering)) string {
	r := prometheus.NewRegistry()
	r.MustRegister(part{c, tell})
	families, err := r.Gather()
	return fmt.Sprint(families, err)
}

// Each count that a part of the program keeps is told by some metric: one that is
// raised changes what is told.
func TestEveryCountIsTold(t *testing.T) {
	c := newCollector(newBench(t, nil).Server)
	devices, link, clients, secure, line := new(gateway.Stats), new(transport.Stats), new(listener.Stats), new(dtls.Stats), new(serial.LineStats)
	for stats, tell := range map[any]func(gathering){
		devices: func(g gathering) { g.gateway(devices) },
		link:    func(g gathering) { g.link("l", link) },
		clients: func(g gathering) { g.clients("l", clients) },
		secure:  func(g gathering) { g.dtls("l", secure) },
		line:    func(g gathering) { g.line("l", line) },
	} {
		v := reflect.ValueOf(stats).Elem()
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if !f.IsExported() {
				continue
			}
			before := c.of(tell)
			raise(v.Field(i))
			if before == c.of(tell) {
				t.Errorf("%v.%s is not told", v.Type(), f.Name)
			}
		}
	}
}

func raise(v reflect.Value) {
	switch {
	case v.Kind() == reflect.Array:
		for i := range v.Len() {
			raise(v.Index(i))
		}
	case v.CanInt():
		v.SetInt(v.Int() + 1e9)
	default:
		v.SetUint(v.Uint() + 1000)
	}
}

func TestMetricsAreServed(t *testing.T) {
	b := newBench(t, nil)
	code, _, text := b.ask("GET", "/metrics", "", nil)
	for _, want := range []string{"snbroker_info{version=\"1.2.3\"} 1", "snbroker_ready 0", "go_goroutines", "process_", `snbroker_mqtt_packets_total{direction="in",listener="tcp 127.0.0.1:1883"} 3`, `snbroker_devices{state="asleep"} 0`} {
		if !strings.Contains(text, want) {
			t.Errorf("%d, and no %s", code, want)
		}
	}
}

func BenchmarkScrape(b *testing.B) {
	s := newBench(b, nil)
	for b.Loop() {
		s.ask("GET", "/metrics", "", nil)
	}
}
