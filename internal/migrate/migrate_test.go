package migrate

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"

	"snbroker/internal/config"
)

var update = flag.Bool("update", false, "write the results into testdata")

var onDisk = Files{Read: os.ReadFile, List: func(folder string) ([]string, error) { return filepath.Glob(folder + "/*.conf") }}

// Files of each program, and what becomes of them.
func TestImport(t *testing.T) {
	for want, names := range map[string][]string{
		"mosquitto.toml": {"mosquitto.conf"},
		"paho.toml":      {"gateway.conf", "predefinedTopic.conf", "clients.conf"},
		"rsmb.toml":      {"broker.cfg"},
	} {
		var paths []string
		for _, n := range names {
			paths = append(paths, filepath.Join("testdata", n))
		}
		got, err := Import(paths, onDisk)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(got, "not-to-be-seen") {
			t.Errorf("%v: it tells a secret", names)
		}
		path := filepath.Join("testdata", want)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(have) {
			t.Errorf("%v: got\n%swant\n%s", names, got, have)
		}
		if _, err := config.Parse(want, got); err != nil {
			t.Error(err)
		}
	}
}

func from(text string) (string, error) {
	return Import([]string{"x.conf"}, Files{
		Read: func(string) ([]byte, error) { return []byte(text), nil },
		List: func(string) ([]string, error) { return []string{"y.conf"}, nil },
	})
}

// Each line becomes a setting, or is named with a reason.
func TestMosquittoLines(t *testing.T) {
	for text, want := range map[string]string{
		"max_queued_messages 0":            "max_queued = 1000000000",
		"max_queued_messages many":         "want a number",
		"persistent_client_expiration 2m":  `session_expiry = "60d"`,
		"persistent_client_expiration 12h": `session_expiry = "12h"`,
		"persistent_client_expiration 9z":  "want a time",
		"persistence false":                `path = ""`,
		"sys_interval 30":                  `sys_interval = "30s"`,
		"listener":                         "it has no port",
		"listener 1883 ::1":                `address = "[::1]:1883"`,
		"listener 1883\ntls_version tlsv1": "there are TLS 1.2 and 1.3",
		"listener 8084\nprotocol websockets\ncertfile a\nkeyfile b": `type = "wss"`,
		"allow_anonymous perhaps":                                   "want true or false",
		"port 1883\nport_typo 1":                                    "x.conf:2: port_typo 1: there is no such setting here",
		"password secret":                                           "x.conf:1: password ...: there is no such",
		"queue_qos0_messages true\nqueue_qos0_messages false":       "queue_qos0_offline = false  # x.conf:2",
	} {
		got, err := from(text)
		if err != nil || !strings.Contains(got, want) {
			t.Errorf("%q: no %q in %v\n%s", text, want, err, got)
		}
	}
}

// A folder that includes itself ends.
func TestIncludeIsBounded(t *testing.T) {
	if _, err := from("include_dir x"); err == nil || !strings.Contains(err.Error(), "more than 1000 files") {
		t.Errorf("got %v", err)
	}
}

// Whatever a file has in it, the result is TOML.
func FuzzImport(f *testing.F) {
	for _, name := range []string{"mosquitto.conf", "gateway.conf", "predefinedTopic.conf", "clients.conf", "broker.cfg"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(name, string(text))
	}
	f.Add("clients.conf", "a\"\\\x00\xff,b")
	f.Add("predefined", "a].[b, c\r, 7")
	f.Fuzz(func(t *testing.T, name, text string) {
		got, err := Import([]string{name}, Files{
			Read: func(string) ([]byte, error) { return []byte(text), nil },
			List: func(string) ([]string, error) { return nil, nil },
		})
		if err != nil {
			return
		}
		var tree map[string]any
		if _, err := toml.Decode(got, &tree); err != nil {
			t.Errorf("%v\n%s", err, got)
		}
	})
}
