package admin

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestClientsInPages(t *testing.T) {
	b := newBench(t, nil)
	for i := range 120 {
		b.session(fmt.Sprintf("c%03d", i))
	}
	var ids []string
	for next := ""; ; {
		var page ClientPage
		b.get("/api/v1/clients?limit=50&after="+next, &page)
		if page.Total != 120 {
			t.Fatalf("%d in all", page.Total)
		}
		for _, c := range page.Clients {
			ids = append(ids, c.ID)
		}
		if next = page.Next; next == "" {
			break
		}
	}
	if len(ids) != 120 || !slices.IsSorted(ids) {
		t.Errorf("%d clients: %q", len(ids), ids)
	}
	var page ClientPage
	if b.get("/api/v1/clients?search=C01", &page); page.Total != 10 || page.Next != "" || page.Clients[0].ID != "c010" {
		t.Errorf("%+v", page)
	}
	for _, bad := range []string{"limit=0", "limit=x", "limit=1001", "kind=robot", "state=happy"} {
		if code, _, text := b.ask("GET", "/api/v1/clients?"+bad, "", nil); code != 400 || !strings.Contains(text, "want") {
			t.Errorf("%s: %d %s", bad, code, text)
		}
	}
}

func TestDeviceAndProgram(t *testing.T) {
	b := newBench(t, nil)
	n := b.withDevices()
	b.asleep(n, "sensor", "set/1")
	b.program("app")
	b.publish("set/1", "on", false)
	var page ClientPage
	b.get("/api/v1/clients", &page)
	if len(page.Clients) != 2 {
		t.Fatalf("%+v", page)
	}
	app, sensor := page.Clients[0], page.Clients[1]
	if app.Kind != "program" || app.State != "connected" || app.Version != "5.0" || app.KeepAlive != 30 || app.Address == "" {
		t.Errorf("%+v", app)
	}
	if sensor.Kind != "device" || sensor.State != "asleep" || sensor.Sleep != 300 || sensor.Queued != 1 || sensor.QueuedBytes != 7 ||
		sensor.TopicIDs != 1 || sensor.Address != deviceAddr || sensor.WakeDue.Sub(sensor.Heard).Seconds() != 300 {
		t.Errorf("%+v", sensor)
	}
	for query, want := range map[string]string{"state=asleep": "sensor", "state=awake": "", "kind=device": "sensor", "kind=program": "app", "state=connected": "app", "state=offline": "", "state=asleep&kind=program": ""} {
		b.get("/api/v1/clients?"+query, &page)
		got := ""
		for _, c := range page.Clients {
			got += c.ID
		}
		if got != want || page.Total != len(page.Clients) {
			t.Errorf("%s: %q of %d", query, got, page.Total)
		}
	}
	var d ClientDetail
	b.get("/api/v1/client?id=sensor", &d)
	if len(d.Filters) != 1 || d.Filters[0].Filter != "set/1" || len(d.Topics) != 1 || d.Topics[0].Name != "set/1" || d.Topics[0].Type != "normal" || !d.Durable {
		t.Errorf("%+v", d)
	}
	if code, _, text := b.ask("GET", "/api/v1/client?id=none", "", nil); code != 404 {
		t.Errorf("%d %s", code, text)
	}
}

// "Why was my message dropped?"
func TestDropsAreExplained(t *testing.T) {
	b := newBench(t, nil)
	b.session("slow", "#")
	for range 10_003 {
		b.volatile("t/1")
	}
	var d ClientDetail
	b.get("/api/v1/client?id=slow", &d)
	if d.Dropped != 3 || len(d.DropsBy) != 1 || d.DropsBy[0] != (Count{"queue_full", 3}) || len(d.LastDrops) != 3 {
		t.Fatalf("%+v", d)
	}
	if l := d.LastDrops[0]; l.Reason != "queue_full" || l.Topic != "t/1" || l.At.IsZero() || !strings.Contains(l.Why, "max_queued") {
		t.Errorf("%+v", l)
	}
}

func TestEveryDropReasonHasWords(t *testing.T) {
	b := newBench(t, nil)
	for why := range b.broker.Stats().Dropped {
		if reasons[why] == "" {
			t.Errorf("%v has none", why)
		}
	}
}

func TestSubscriptions(t *testing.T) {
	b := newBench(t, nil)
	b.session("a", "home/+/set", "x")
	b.session("b", "#")
	b.session("c", "home/1/get")
	var page SubscriptionPage
	b.get("/api/v1/subscriptions?topic=home/1/set", &page)
	if page.Total != 2 || page.Subscriptions[0].Filter != "home/+/set" || page.Subscriptions[1].Client != "b" {
		t.Errorf("%+v", page)
	}
	b.get("/api/v1/subscriptions?limit=3", &page)
	if page.Total != 4 || len(page.Subscriptions) != 3 || page.Next == "" {
		t.Errorf("%+v", page)
	}
	b.get("/api/v1/subscriptions?limit=3&after="+url.QueryEscape(page.Next), &page)
	if len(page.Subscriptions) != 1 || page.Subscriptions[0].Client != "c" {
		t.Errorf("%+v", page)
	}
	if b.get("/api/v1/subscriptions?search=home", &page); page.Total != 2 {
		t.Errorf("%+v", page)
	}
	if code, _, _ := b.ask("GET", "/api/v1/subscriptions?topic=a/%2B", "", nil); code != 400 {
		t.Errorf("%d", code)
	}
}

func TestRetained(t *testing.T) {
	b := newBench(t, withUser(t))
	alice := func(r *http.Request) { r.SetBasicAuth("alice", "open sesame") }
	b.publish("home/1/temp", "21.5", true)
	b.publish("home/2", "\x00\xff", true)
	get := func(path string, want int) (page RetainedPage, text string) {
		t.Helper()
		code, _, text := b.ask("GET", path, "", alice)
		if code != want {
			t.Errorf("GET %s: %d %s", path, code, text)
		}
		_ = json.Unmarshal([]byte(text), &page)
		return page, text
	}
	if page, _ := get("/api/v1/retained", 200); len(page.Entries) != 1 || !page.Entries[0].Branch || page.Entries[0].Name != "home" {
		t.Errorf("%+v", page)
	}
	page, _ := get("/api/v1/retained?prefix=home/", 200)
	if len(page.Entries) != 2 || page.Entries[1].Hex != "00ff" || page.Entries[1].Topic != "home/2" {
		t.Errorf("%+v", page)
	}
	get("/api/v1/retained?prefix=home", 400)
	if _, text := get("/api/v1/retained/message?topic=home/1/temp", 200); !strings.Contains(text, `"text":"21.5"`) {
		t.Error(text)
	}
	for _, want := range []int{204, 404} {
		if code, _, text := b.ask("POST", "/api/v1/retained/clear", `{"topic":"home/1/temp"}`, alice); code != want {
			t.Errorf("%d %s", code, text)
		}
	}
	get("/api/v1/retained/message?topic=home/1/temp", 404)
}

func TestShownAs(t *testing.T) {
	for payload, want := range map[string][2]string{"hi": {"hi", ""}, "": {"", ""}, "\x01": {"", "01"}, "ääää": {"ää", ""}, "abcdefgh": {"abcde", ""}, "\xff\xff\xff\xff\xff\xff": {"", "ffff"}} {
		if text, hex := shownAs([]byte(payload), 5); text != want[0] || hex != want[1] {
			t.Errorf("%q: %q %q", payload, text, hex)
		}
	}
}

func TestActions(t *testing.T) {
	b := newBench(t, withUser(t))
	b.session("app", "a")
	for _, c := range []struct {
		path, body string
		want       int
		says       string
	}{
		{"/api/v1/publish", `{"topic":"a","payload":"x","qos":1}`, 200, `"subscribers":true`},
		{"/api/v1/publish", `{"topic":"b","payload":"` + base64.StdEncoding.EncodeToString([]byte{0}) + `","base64":true}`, 200, `"subscribers":false`},
		{"/api/v1/publish", `{"topic":"b","payload":"?","base64":true}`, 400, "payload"},
		{"/api/v1/publish", `{"topic":"a/#","payload":"x"}`, 400, "wildcards"},
		{"/api/v1/publish", `{"topic":"a","payload":"x","qos":2}`, 400, "0 or 1"},
		{"/api/v1/publish", `{"topic":"a","payload":"x","colour":2}`, 400, "colour"},
		{"/api/v1/publish", `{"topic":"a","payload":"x"} {}`, 400, "more than one"},
		{"/api/v1/publish", `{"topic":"a","payload":"` + strings.Repeat("x", maxBody) + `"}`, 400, "too large"},
		{"/api/v1/disconnect", `{"id":"app"}`, 204, ""},
		{"/api/v1/disconnect", `{"id":"app"}`, 404, "app"},
		{"/api/v1/reload", ``, 202, ""},
	} {
		if code, _, text := b.ask("POST", c.path, c.body, nil); code != 401 {
			t.Errorf("POST %s without a login: %d %s", c.path, code, text)
		}
		code, _, text := b.ask("POST", c.path, c.body, func(r *http.Request) { r.SetBasicAuth("alice", "open sesame") })
		if code != c.want || !strings.Contains(text, c.says) {
			t.Errorf("POST %s: %d %s", c.path, code, text)
		}
	}
}

func TestOverviewStoreListenersConfiguration(t *testing.T) {
	b := newBench(t, nil)
	b.Ready()
	b.publish("a", "x", true)
	var o Overview
	b.get("/api/v1/overview", &o)
	if o.Published != 1 || o.Retained != 1 || !o.Ready.OK || o.Commits == 0 || len(o.Dropped) != 8 || len(o.Devices) != 4 || o.Version != "1.2.3" || len(o.Refused) != 7 {
		t.Errorf("%+v", o)
	}
	var s StoreState
	if b.get("/api/v1/store", &s); !s.Used || !s.Healthy || s.WrittenDay != s.Written || s.Commits == 0 {
		t.Errorf("%+v", s)
	}
	var l []ListenerState
	if b.get("/api/v1/listeners", &l); len(l) != 3 || !slices.Contains(l[0].Counts, Count{"packets_in", 3}) || !slices.Contains(l[1].Counts, Count{"unknown_cid", 0}) ||
		l[2].Address != "/dev/ttyUSB0" || !slices.Contains(l[2].Counts, Count{"open", 1}) {
		t.Errorf("%+v", l)
	}
	var c Configuration
	if b.get("/api/v1/configuration", &c); len(c.Settings) != 1 || c.Warnings[0].Text != "careful" {
		t.Errorf("%+v", c)
	}
}
