package config

import (
	"cmp"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"snbroker/internal/listener"
)

func shipped(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../config.toml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The shipped file changes nothing.
func TestShippedFileIsTheDefaults(t *testing.T) {
	c, err := Parse("config.toml", shipped(t))
	if err != nil {
		t.Fatal(err)
	}
	if changed := Changed(c, Default()); len(changed) > 0 {
		t.Errorf("differs from the built-in defaults: %q", changed)
	}
}

// settings are the lines of a part of the file that set something, or would
// without their "#".
var settings = regexp.MustCompile(`(?m)^#?(\[.*\]|[a-z0-9_]+ = .*)$`)

func uncomment(text string) string {
	var b strings.Builder
	for _, m := range settings.FindAllStringSubmatch(text, -1) {
		b.WriteString(m[1] + "\n")
	}
	return b.String()
}

func head(t *testing.T) string {
	t.Helper()
	head, _, ok := strings.Cut(shipped(t), "\n# Presets.")
	if !ok {
		t.Fatal("no line that begins the presets")
	}
	return head
}

// Every setting is in the shipped file, before the presets, commented or not.
func TestShippedFileHasEveryKey(t *testing.T) {
	tree, err := parse("config.toml", uncomment(head(t)))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range Keys() {
		var at any = tree
		for _, name := range strings.Split(key, ".") {
			if tables, ok := at.([]map[string]any); ok {
				for _, table := range tables { // the type's own
					if _, has := table[name]; has {
						at = table
					}
				}
			}
			table, _ := at.(map[string]any)
			if name == "ID" { // whichever there is
				for name = range table {
				}
			}
			at = table[name]
		}
		if at == nil {
			t.Errorf("%s is missing", key)
		}
	}
}

// What is commented out shows the default, or an example where the default is
// nothing.
func TestShippedFileUncommented(t *testing.T) {
	c, err := Parse("config.toml", uncomment(head(t)))
	if err != nil {
		t.Fatal(err)
	}
	l, d := &c.MQTTSN.Listeners[0], &Default().MQTTSN.Listeners[0]
	if l.AdvertiseInterval != d.AdvertiseInterval || len(l.Groups) == 0 || len(l.GroupInterfaces) == 0 {
		t.Errorf("%+v", l)
	}
	line := c.MQTTSN.Listeners[2]
	line.Device = ""
	if line.SerialLine != defaultSerialLine() || line.AdvertiseInterval != 0 {
		t.Errorf("%+v", line)
	}
	secure, web := c.MQTT.Listeners[1], c.MQTT.Listeners[2]
	if secure.ClientCAFile == "" || secure.CRLFile == "" || secure.Address[0] != "127.0.0.1:8883" || web.Address[0] != "127.0.0.1:8083" {
		t.Errorf("%+v\n%+v", secure, web)
	}
	secure.CertFile, secure.KeyFile, secure.ClientCAFile, secure.CRLFile = "", "", "", ""
	if got := secure.TLS(); got != listener.DefaultTLSConfig() {
		t.Errorf("%+v", got)
	}
	if web.Path != listener.DefaultConfig().Path {
		t.Errorf("path is %q", web.Path)
	}
	device := c.MQTTSN.Listeners[1]
	if device.ClientCAFile == "" || device.CRLFile == "" || device.Address[0] != "127.0.0.1:8883" || c.Auth.PSKFile == "" {
		t.Errorf("%+v", device)
	}
	if got := device.DTLSLink("a"); !reflect.DeepEqual(got, dtlsDefault("a")) {
		t.Errorf("%+v", got)
	}
	if name, ok := c.Gateway().Predefined.Name("boiler-7", 1); !ok || name != "boiler/7/temperature" {
		t.Errorf("the example of a predefined topic is %q, %v", name, ok)
	}
}

// Each setting has a line above it that says what it is for.
func TestShippedFileExplains(t *testing.T) {
	lines := strings.Split(head(t), "\n")
	for i, line := range lines {
		if settings.MatchString(line) && !strings.Contains(line, "[[") && !strings.HasPrefix(lines[i-1], "# ") &&
			!strings.Contains(lines[i-1], ".predefined]") && line != "[limits]" && line != "[status]" && line != "[admin]" && line != "[log]" && line != "[auth]" && line != "[mqttsn]" {
			t.Errorf("line %d, %s: nothing says why", i+1, line)
		}
	}
}

func TestPresets(t *testing.T) {
	_, presets, _ := strings.Cut(shipped(t), "\n# Presets.")
	want := map[string][]string{
		"Thread": {"[::]:10000", "[::]:47193", "[ff03::2]:10000"},
		"Paho":   {":10000", "225.1.1.1:1883", "[ff1e:feed:caca:dead::1]:1883"},
		"RSMB":   {":1883"},
		"EMQX":   {":1884"},
		"All of": {":1883", ":1884", ":10000", ":47193"},
	}
	for _, preset := range strings.Split(presets, "\n# Preset: ")[1:] {
		name := ""
		for n := range want {
			if strings.HasPrefix(preset, n) {
				name = n
			}
		}
		c, err := Parse(name, uncomment(preset))
		if err != nil {
			t.Error(err)
			continue
		}
		l := &c.MQTTSN.Listeners[0]
		has := strings.Join(append(l.Groups, l.Address...), " ")
		for _, w := range want[name] {
			if !strings.Contains(" "+has+" ", " "+w+" ") {
				t.Errorf("preset %s: no %s", name, w)
			}
		}
		if !l.AllowAnonymous {
			t.Errorf("preset %s lets no device in", name)
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("no preset %s", name)
	}
}

// Default says what the packages say.
func TestDefaultsAreThePackages(t *testing.T) {
	c := Default()
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	checkDefaults(t, c)
}

// No setting is dead: each changes what some package is told.
func TestEverySettingIsHonoured(t *testing.T) {
	elsewhere := map[string]bool{ // read by the program itself
		"MQTT.Listeners.Type": true, "MQTT.Listeners.Address": true,
		"MQTTSN.Listeners.Type": true, "MQTTSN.Listeners.Address": true,
		"MQTTSN.Listeners.Groups": true, "MQTTSN.Listeners.AdvertiseInterval": true,
		"Log.Format": true, "MQTT.SysInterval": true, "Admin.Address": true, "Admin.PasswordFile": true, "Status.LED": true,
	}
	var walk func(path string, c *Config, v reflect.Value)
	walk = func(path string, c *Config, v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				if f := v.Type().Field(i); f.IsExported() {
					walk(strings.TrimPrefix(path+"."+f.Name, "."), c, v.Field(i))
				}
			}
			return
		case reflect.Slice:
			if v.Type().Elem().Kind() == reflect.Struct {
				walk(path, c, v.Index(0))
				return
			}
		}
		if elsewhere[path] {
			return
		}
		before, old := told(c), reflect.ValueOf(v.Interface())
		change(t, path, v)
		if after := told(c); reflect.DeepEqual(before, after) {
			t.Errorf("%s: changing it changes nothing", path)
		}
		v.Set(old)
	}
	c := Default()
	walk("", c, reflect.ValueOf(c).Elem())
}

func change(t *testing.T, path string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() - 1)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.String:
		v.SetString(cmp.Or(map[string]string{
			"Limits.QueuePolicy": "drop-newest", "Limits.SharePolicy": "sticky", "Log.Level": "debug",
			"Auth.BindClientID": "equal", "Store.Durability": "none", "MQTT.Listeners.CertificateIdentity": "san", "MQTTSN.Listeners.DTLS.CertificateIdentity": "san", "MQTT.Listeners.TLSMinVersion": "1.3",
		}[path], "x"))
	case reflect.Slice:
		v.Set(reflect.ValueOf([]string{"x"}))
	case reflect.Map:
		if v.Type() == reflect.TypeFor[map[string]string]() {
			v.Set(reflect.ValueOf(map[string]string{"1": "a"}))
		} else {
			v.Set(reflect.ValueOf(map[string]Client{"c": {Predefined: map[string]string{"1": "a"}}}))
		}
	default:
		t.Fatalf("%s: cannot change a %v", path, v.Kind())
	}
}
