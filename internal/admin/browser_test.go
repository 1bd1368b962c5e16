package admin

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// browser is a page in a headless Chromium, driven by its debugging protocol.
type browser struct {
	t       *testing.T
	ws      *websocket.Conn
	session string

	mu      sync.Mutex
	next    int
	answers map[int]chan reply
	errors  []string // of the console, and uncaught exceptions
	gone    chan struct{}
}

type reply struct {
	ID     int
	Method string
	Result json.RawMessage
	Error  *struct{ Message string }
	Params json.RawMessage
}

// patience is how long the browser may take for anything, on a busy machine.
const patience = time.Minute

func newBrowser(t *testing.T) *browser {
	t.Helper()
	folder, err := os.MkdirTemp("", "snbroker-browser")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions", "--disable-background-networking",
		"--remote-debugging-port=0", "--user-data-dir="+folder, "--window-size=1280,900", "about:blank")
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatalf("chromium: %v (scripts/install-test-tools installs it)", err)
	}
	b := &browser{t: t, answers: make(map[int]chan reply), gone: make(chan struct{})}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		// The browser's helpers end after it, and may write until then.
		eventually(func() bool { return os.RemoveAll(folder) == nil })
	})
	at := ""
	for lines := bufio.NewScanner(stderr); at == "" && lines.Scan(); {
		_, at, _ = strings.Cut(lines.Text(), "DevTools listening on ")
	}
	go func() { _, _ = bufio.NewReader(stderr).WriteTo(discard{}) }() // it must not stand still
	if b.ws, _, err = websocket.DefaultDialer.Dial(at, nil); err != nil {
		t.Fatal(err)
	}
	go b.read()
	t.Cleanup(func() {
		_ = b.ws.WriteJSON(object{"id": 0, "method": "Browser.close"})
		select {
		case <-b.gone: // it has closed the connection
		case <-time.After(patience):
		}
		b.ws.Close()
	})
	var target struct{ TargetID string }
	b.call("Target.createTarget", object{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", object{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	for _, domain := range []string{"Runtime", "Log", "Page", "Accessibility"} {
		b.call(domain+".enable", nil, nil)
	}
	return b
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

// read hands out answers and gathers what goes wrong in the page.
func (b *browser) read() {
	defer close(b.gone)
	for {
		var r reply
		if err := b.ws.ReadJSON(&r); err != nil {
			return
		}
		b.mu.Lock()
		switch r.Method {
		case "":
			if to := b.answers[r.ID]; to != nil {
				to <- r
			}
			delete(b.answers, r.ID)
		case "Runtime.exceptionThrown", "Log.entryAdded":
			b.errors = append(b.errors, string(r.Params))
		case "Runtime.consoleAPICalled":
			if strings.Contains(string(r.Params), `"type":"error"`) || strings.Contains(string(r.Params), `"type":"warning"`) {
				b.errors = append(b.errors, string(r.Params))
			}
		}
		b.mu.Unlock()
	}
}

func (b *browser) call(method string, params object, into any) {
	b.t.Helper()
	answer := make(chan reply, 1)
	b.mu.Lock()
	b.next++
	id := b.next
	b.answers[id] = answer
	b.mu.Unlock()
	request := object{"id": id, "method": method}
	if params != nil {
		request["params"] = params
	}
	if b.session != "" {
		request["sessionId"] = b.session
	}
	if err := b.ws.WriteJSON(request); err != nil {
		b.t.Fatal(err)
	}
	select {
	case r := <-answer:
		if r.Error != nil {
			b.t.Fatalf("%s: %s", method, r.Error.Message)
		}
		if into != nil {
			if err := json.Unmarshal(r.Result, into); err != nil {
				b.t.Fatal(err)
			}
		}
	case <-time.After(patience):
		b.t.Fatalf("%s is not answered", method)
	}
}

// eval runs an expression in the page, or what a promise leads to.
func (b *browser) eval(expression string, into any) {
	b.t.Helper()
	var r struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Exception struct{ Description string }
		}
	}
	b.call("Runtime.evaluate", object{"expression": expression, "awaitPromise": true, "returnByValue": true}, &r)
	if r.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s", expression, r.ExceptionDetails.Exception.Description)
	}
	if into != nil {
		if err := json.Unmarshal(r.Result.Value, into); err != nil {
			b.t.Fatalf("%s: %v", expression, err)
		}
	}
}

// until waits until an expression is true in the page.
func (b *browser) until(expression string) {
	b.t.Helper()
	var ok bool
	b.eval(fmt.Sprintf(`new Promise((done) => {
		const end = Date.now() + %d;
		const look = () => { let is = false; try { is = !!(%s) } catch {} if (is || Date.now() > end) done(is); else setTimeout(look, 30) };
		look();
	})`, (patience/2).Milliseconds(), expression), &ok)
	if !ok {
		var text string
		b.eval("document.body.innerText", &text)
		b.shoot("failed")
		b.t.Fatalf("never: %s\n%.2000s\n%q", expression, text, b.wrong())
	}
}

func (b *browser) open(url string) { b.call("Page.navigate", object{"url": url}, nil) }

func (b *browser) wrong() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.errors
}

// shoot keeps a picture of the page where SNBROKER_SCREENSHOTS says, for people.
func (b *browser) shoot(name string) {
	folder := os.Getenv("SNBROKER_SCREENSHOTS")
	if folder == "" {
		return
	}
	var r struct{ Data string }
	b.call("Page.captureScreenshot", nil, &r)
	picture, err := base64.StdEncoding.DecodeString(r.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o600)
	}
	if err != nil {
		b.t.Error(err)
	}
}

// size makes the page as large as a device's, dark or light.
func (b *browser) size(width, height int, scheme string) {
	b.call("Emulation.setDeviceMetricsOverride", object{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	b.call("Emulation.setEmulatedMedia", object{"features": []object{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}
