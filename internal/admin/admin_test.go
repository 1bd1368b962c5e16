package admin

import (
	"crypto/pbkdf2"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"snbroker/broker"
	"snbroker/gateway"
	"snbroker/internal/auth"
	"snbroker/internal/listener"
	"snbroker/internal/store"
	"snbroker/internal/tap"
	"snbroker/transport"
	"snbroker/transport/dtls"
	"snbroker/transport/serial"
)

// bench is a Server with a broker and a gateway behind it.
type bench struct {
	*Server
	t        testing.TB
	broker   *broker.Broker
	gateway  *gateway.Gateway
	tap      *tap.Tap
	reloaded int
}

func newBench(t testing.TB, change func(*Config)) *bench {
	t.Helper()
	return build(t, true, change)
}

// build makes a bench, with a store or without; change may be nil.
func build(t testing.TB, stored bool, change func(*Config)) *bench {
	t.Helper()
	b := &bench{t: t, broker: broker.New(broker.DefaultLimits()), tap: new(tap.Tap)}
	quiet := slog.New(slog.DiscardHandler)
	cfg := gateway.DefaultConfig()
	cfg.Log, cfg.Tap = quiet, b.tap
	b.gateway = gateway.New(cfg, gateway.NewEmbedded(b.broker))
	var log *store.Log
	if stored {
		var err error
		if log, err = store.Open(store.Options{Path: t.TempDir(), Log: quiet}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { log.Close() })
		if _, err := b.broker.Persist(log, nil); err != nil {
			t.Fatal(err)
		}
	}
	b.gateway.Start()
	t.Cleanup(b.gateway.Close)
	known, err := auth.Load(auth.Config{Guard: auth.NewGuard(auth.GuardConfig{})})
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Version: "1.2.3", Broker: b.broker, Gateway: b.gateway, Tap: b.tap, Clients: known, Store: log,
		Listeners: func() []Listener {
			return []Listener{{Protocol: "mqtt", Type: "tcp", Address: "127.0.0.1:1883", Name: "tcp 127.0.0.1:1883", MQTT: &listener.Stats{PacketsIn: 3}},
				{Protocol: "mqttsn", Type: "dtls", Address: "127.0.0.1:8883", Name: "dtls 127.0.0.1:8883", Link: new(transport.Stats), DTLS: new(dtls.Stats)},
				{Protocol: "mqttsn", Type: "serial", Address: "/dev/ttyUSB0", Name: "serial /dev/ttyUSB0", Link: new(transport.Stats), Line: &serial.LineStats{Open: 1}}}
		},
		Settings: func() []Setting { return []Setting{{Key: "limits.max_queued", Value: "7"}} },
		Warnings: func() []Warning { return []Warning{{Level: "warn", Text: "careful"}} },
		Reload:   func() { b.reloaded++ },
		Log:      quiet,
	}
	if change != nil {
		change(&c)
	}
	b.Server = New(c)
	t.Cleanup(b.Server.Close)
	return b
}

// withUser adds a user alice with the password "open sesame".
func withUser(t testing.TB) func(*Config) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "admins")
	salt := []byte("salt of a test")
	sum, err := pbkdf2.Key(sha512.New, "open sesame", salt, 1, sha512.Size) // soon done
	if err != nil {
		t.Fatal(err)
	}
	line := fmt.Sprintf("alice:$7$1$%s$%s\n", base64.StdEncoding.EncodeToString(salt), base64.StdEncoding.EncodeToString(sum))
	if err := os.WriteFile(file, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	users, err := auth.Load(auth.Config{PasswordFile: file, Guard: auth.NewGuard(auth.GuardConfig{Connects: -1, AddressFailures: 8})})
	if err != nil {
		t.Fatal(err)
	}
	return func(c *Config) { c.Users = users }
}

// ask sends a request and reads the answer; change may be nil.
func (b *bench) ask(method, path, body string, change func(*http.Request)) (int, http.Header, string) {
	b.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host, r.RemoteAddr = "127.0.0.1:8080", "127.0.0.1:4000"
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	text, err := io.ReadAll(w.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return w.Code, w.Header(), string(text)
}

func (b *bench) get(path string, into any) {
	b.t.Helper()
	code, _, text := b.ask("GET", path, "", nil)
	if code != http.StatusOK {
		b.t.Fatalf("GET %s: %d %s", path, code, text)
	}
	if into != nil {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			b.t.Fatalf("GET %s: %v: %s", path, err, text)
		}
	}
}
