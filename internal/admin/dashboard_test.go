package admin

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"snbroker/mqttsn"
	"snbroker/transport/memnet"
)

// fleet connects so many devices, which go to sleep.
func (b *bench) fleet(n *memnet.Network, count int) {
	for i := range count {
		d := &device{b, n.Conn(fmt.Sprintf("10.%d.%d.%d:4000", 1+i>>16, i>>8&255, i&255))}
		d.say(&mqttsn.Connect{ProtocolID: mqttsn.ProtocolID, CleanSession: true, Duration: 60, ClientID: []byte(fmt.Sprintf("sensor-%05d", i))})
		d.say(&mqttsn.Disconnect{Duration: 3600})
		d.conn.Close()
	}
}

// The dashboard in a browser: from the login to each page, without an error on the
// console.
func TestDashboard(t *testing.T) {
	b := build(t, false, func(c *Config) {
		withUser(t)(c)
		c.History = NewHistory(c.Broker, c.Gateway, nil)
		for ago := time.Hour; ago > time.Minute; ago -= time.Minute {
			c.History.Add(time.Now().Add(-ago))
		}
	})
	b.Ready()
	n := b.withDevices()
	b.fleet(n, 10_000)
	sleeper := b.asleep(n, "zz-boiler", "boiler/set")
	b.publish("home/1/temp", "21.5", true)
	b.publish("home/2", "\x00\xff", true)
	url := b.served()
	page := newBrowser(t)
	page.size(1280, 900, "light")

	page.open(url + "/")
	page.until(`document.querySelector("form.login")`)
	page.accessible("login")
	page.eval(`document.querySelector("[name=user]").value = "alice"; document.querySelector("[name=password]").value = "sesame open"; document.querySelector("form button").click()`, nil)
	page.until(`document.querySelector("#problem").textContent.includes("wrong user or password")`)
	page.mu.Lock()
	page.errors = nil // the browser notes each 401
	page.mu.Unlock()
	page.eval(`document.querySelector("[name=password]").value = "open sesame"; document.querySelector("form button").click()`, nil)

	page.until(`document.querySelectorAll(".tiles dd").length > 9 && document.querySelector(".tiles dd").textContent === "10,001"`)
	b.publish("home/1/temp", "21.6", true)
	page.until(`document.querySelectorAll("figure canvas").length === 3 && document.querySelectorAll("tbody tr").length >= 2`)
	page.until(`[...document.querySelectorAll("figure p")].every((p) => p.textContent.startsWith("Now: "))`)
	page.accessible("overview")

	page.eval(`location.hash = "#/clients"`, nil)
	page.until(`document.querySelectorAll("tbody tr").length === 50 && document.querySelector("caption").textContent === "10,001 clients"`)
	page.accessible("clients")
	page.eval(`document.querySelector(".pages button:nth-child(2)").click()`, nil)
	page.until(`document.querySelector("tbody a").textContent === "sensor-00050" && document.body.innerText.includes("Page 2")`)
	page.eval(`{ const s = document.querySelector("[name=search]"); s.value = "BOIL"; s.dispatchEvent(new Event("input")) }`, nil)
	page.until(`document.querySelectorAll("tbody tr").length === 1`)
	page.eval(`document.querySelector("tbody a").click()`, nil)

	page.until(`document.querySelector("h2").textContent === "zz-boiler" && document.querySelector(".timeline span.asleep") && document.body.innerText.includes("boiler/set")`)
	waitWatched(b)
	b.publish("boiler/set", "on", false)
	sleeper.say(&mqttsn.PingReq{ClientID: []byte("zz-boiler")})
	page.until(`[...document.querySelectorAll(".log li")].some((li) => li.textContent.includes("PUBLISH")) && document.querySelector(".timeline span.awake")`)
	sleeper.say(&mqttsn.PubAck{TopicID: 1, MsgID: 1})
	page.until(`[...document.querySelectorAll(".log li")].some((li) => li.textContent.includes("PINGRESP"))`)
	page.until(`[...document.querySelectorAll(".tiles dt")].some((dt) => dt.textContent === "Wakes" && dt.nextSibling.textContent === "1")`)
	page.accessible("client")

	page.eval(`location.hash = "#/retained/home/"`, nil)
	page.until(`document.querySelectorAll("tbody tr").length === 2 && document.body.innerText.includes("00ff")`)
	page.accessible("retained")
	page.eval(`document.querySelector("button[aria-label='Clear home/2']").click()`, nil)
	page.until(`document.querySelectorAll("tbody tr").length === 1`)

	page.eval(`location.hash = "#/trace"`, nil)
	page.until(`document.querySelector("h2").textContent === "Trace"`)
	if b.tap.On() && !eventually(func() bool { return !b.tap.On() }) {
		t.Error("the client's page watches after its end")
	}
	page.eval(`document.querySelector("[name=client]").value = "zz-boiler"; document.querySelector("[name=hex]").click(); document.querySelector("form.filter button").click()`, nil)
	waitWatched(b)
	sleeper.say(&mqttsn.Connect{ProtocolID: mqttsn.ProtocolID, Duration: 60, ClientID: []byte("zz-boiler")})
	page.until(`document.querySelectorAll(".log li").length === 2 && document.querySelector(".log .hex") && document.body.innerText.includes("2 packets")`)
	page.accessible("trace")

	page.eval(`location.hash = "#/settings"`, nil)
	page.until(`document.body.innerText.includes("limits.max_queued") && document.body.innerText.includes("careful")`)
	page.accessible("settings")

	page.size(390, 800, "dark")
	for _, name := range []string{"", "clients", "client/zz-boiler", "trace"} {
		page.eval(`location.hash = "#/`+name+`"`, nil)
		page.until(`document.querySelector("main h2") && document.querySelectorAll("main input, main dd, main td").length > 2`)
		var wide int
		if page.eval(`document.documentElement.scrollWidth - innerWidth`, &wide); wide > 0 {
			t.Errorf("on a phone the page %q is %d pixels too wide", name, wide)
		}
		page.accessible("phone-" + strings.ReplaceAll(name, "/", "-"))
	}
	page.eval(`document.querySelector("#who button").click()`, nil)
	page.until(`document.querySelector("form.login")`)
	if wrong := page.wrong(); len(wrong) > 0 {
		t.Errorf("on the console: %s", wrong)
	}
}

// Without users the dashboard shows, and offers no change.
func TestDashboardWithoutUsers(t *testing.T) {
	b := build(t, false, nil)
	b.publish("a", "x", true)
	page := newBrowser(t)
	page.open(b.served() + "/#/retained")
	page.until(`document.querySelectorAll("tbody tr").length === 1 && document.body.innerText.includes("nobody can log in")`)
	var buttons int
	if page.eval(`document.querySelectorAll("tbody button").length`, &buttons); buttons > 0 {
		t.Error("it offers to clear what it may not")
	}
	if wrong := page.wrong(); len(wrong) > 0 {
		t.Errorf("on the console: %s", wrong)
	}
}

// The files are served with a policy that lets nothing else in, to everybody.
func TestDashboardFiles(t *testing.T) {
	b := newBench(t, withUser(t))
	for path, kind := range map[string]string{"/": "text/html", "/assets/main.js": "text/javascript", "/assets/style.css": "text/css", "/assets/vendor/uplot.js": "text/javascript", "/assets/vendor/uplot.LICENSE": "", "/assets/icon.svg": "image/svg+xml"} {
		code, h, text := b.ask("GET", path, "", nil)
		if code != http.StatusOK || !strings.HasPrefix(h.Get("Content-Type"), kind) || len(text) == 0 {
			t.Errorf("%s: %d %s", path, code, h.Get("Content-Type"))
		}
		if p := h.Get("Content-Security-Policy"); !strings.HasPrefix(p, "default-src 'self'; ") || strings.Contains(p, "unsafe") {
			t.Errorf("%s: %s", path, p)
		}
	}
	if code, _, _ := b.ask("GET", "/nothing", "", nil); code != 404 {
		t.Errorf("%d", code)
	}
}

func waitWatched(b *bench) {
	if !eventually(b.tap.On) {
		b.t.Fatal("nobody watches")
	}
}

// eventually asks until it is so; what a browser does has no moment to wait for.
func eventually(is func() bool) bool {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if is() {
			return true
		}
	}
	return false
}
