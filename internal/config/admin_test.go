package config

import (
	"strings"
	"testing"
)

func TestAdminAddress(t *testing.T) {
	for text, want := range map[string]string{
		`address = ""`:                                   "",
		`address = "localhost:9"`:                        "",
		`address = "[::1]:8080"`:                         "",
		`address = ":8080"`:                              "nobody could log in",
		`address = "192.0.2.1:8080"`:                     "nobody could log in",
		`address = "8080"`:                               "want host:port",
		"address = \":8080\"\npassword_file = \"users\"": "",
		`cert_file = "a.crt"`:                            "cert_file and key_file go together",
	} {
		c, err := Parse("/etc/snbroker/t.toml", "[admin]\n"+text)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "t.toml:2: ")):
			t.Errorf("%s: %v", text, err)
		case c != nil && c.Admin.PasswordFile != "" && c.Admin.PasswordFile != "/etc/snbroker/users":
			t.Errorf("the file is at %s", c.Admin.PasswordFile)
		}
	}
}

func TestSettings(t *testing.T) {
	c, err := Parse("t.toml", "[[mqtt.listener]]\naddress = [\"127.0.0.1:1\", \"[::1]:1\"]\n[limits]\nmax_queued = 7\n[mqttsn.predefined]\n2 = \"b\"\n1 = \"a\"\n")
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]Setting)
	for _, s := range c.Settings() {
		found[s.Key] = s
	}
	for key, want := range map[string]Setting{
		"limits.max_queued":        {"", "7", false},
		"limits.max_queued_bytes":  {"", "8MiB", true},
		"mqtt.listener[0].address": {"", "127.0.0.1:1, [::1]:1", false},
		"mqttsn.predefined":        {"", "1 = a, 2 = b", false},
		"admin.address":            {"", "127.0.0.1:8080", true},
		"mqtt.sys_interval":        {"", "10s", true},
	} {
		if want.Key = key; found[key] != want {
			t.Errorf("%+v, want %+v", found[key], want)
		}
	}
	for key := range found {
		if strings.Contains(found[key].Value, "{") {
			t.Errorf("%s = %s", key, found[key].Value)
		}
	}
}
