package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestEnvironment(t *testing.T) {
	const file = "[limits]\nmax_queued = 7\nmax_inflight = 8\n[[mqtt.listener]]\naddress = \":1\"\n[[mqtt.listener]]\naddress = \":2\"\n[mqttsn.predefined]\n1 = \"a\"\n"
	c, err := read("t", file, []string{
		"HOME=/", "SNBROKER_PPROF=1", "SNBROKER_ADMIN_PASSWORD=1", "SNBROKER_SEEDS=1", "SNBROKER_CRASHES=1",
		"SNBROKER_LIMITS_MAX_QUEUED=9", "SNBROKER_LIMITS_SESSION_EXPIRY=never", "SNBROKER_LIMITS_MAX_MEMORY=8MiB", "SNBROKER_STORE_WRITE_BUDGET=2000000",
		"SNBROKER_LIMITS_QUEUE_QOS0_OFFLINE=true", "SNBROKER_STORE_PATH=1", "SNBROKER_MQTTSN_T_RETRY=3s",
		"SNBROKER_MQTT_LISTENER_1_ADDRESS=127.0.0.1:3, [::1]:3", "SNBROKER_MQTT_LISTENER_2_ADDRESS=:4", "SNBROKER_MQTT_LISTENER_2_PROTOCOL_VERSIONS=5",
		"SNBROKER_MQTTSN_LISTENER_0_QOS_MINUS_ONE=0",
		"SNBROKER_MQTTSN_PREDEFINED_1=b", "SNBROKER_MQTTSN_PREDEFINED_2=c=d", "SNBROKER_MQTTSN_CLIENT_listener_PREDEFINED_3=e",
	})
	if err != nil {
		t.Fatal(err)
	}
	if l := c.Limits; l.MaxQueued != 9 || l.MaxInflight != 8 || l.SessionExpiry != Never || l.MaxMemory != 8<<20 || !l.QueueQoS0Offline {
		t.Errorf("%+v", l)
	}
	if c.Store.Path != "1" || c.Store.WriteBudget != 2000000 || c.MQTTSN.TRetry.String() != "3s" {
		t.Errorf("%+v, %v", c.Store, c.MQTTSN.TRetry)
	}
	var addresses []Addresses
	for _, l := range c.MQTT.Listeners {
		addresses = append(addresses, l.Address)
	}
	if want := []Addresses{{":1"}, {"127.0.0.1:3", "[::1]:3"}, {":4"}}; !reflect.DeepEqual(addresses, want) {
		t.Errorf("got %q, want %q", addresses, want)
	}
	if l := c.MQTTSN.Listeners; len(l) != 1 || l[0].QoSMinusOne || l[0].Address[0] != "127.0.0.1:1883" || !l[0].AllowAnonymous {
		t.Errorf("the built-in listener became %+v", l)
	}
	if p := c.MQTTSN; p.Predefined["1"] != "b" || p.Predefined["2"] != "c=d" || p.Clients["listener"].Predefined["3"] != "e" {
		t.Errorf("%v %v", p.Predefined, p.Clients)
	}
}

func TestEnvironmentRefused(t *testing.T) {
	for _, test := range []struct{ file, variable, want string }{
		{"", "SNBROKER_LIMIT_MAX_QUEUED=1", "SNBROKER_LIMIT_MAX_QUEUED: there is no such setting; did you mean SNBROKER_LIMITS_MAX_QUEUED?"},
		{"", "SNBROKER_MQTT_LISTENER_4_ADRESS=1", "SNBROKER_MQTT_LISTENER_4_ADRESS: there is no such setting; did you mean SNBROKER_MQTT_LISTENER_4_ADDRESS?"},
		{"", "SNBROKER_MQTT_LISTENER_ADDRESS=1", "SNBROKER_MQTT_LISTENER_ADDRESS: there is no such setting; did you mean SNBROKER_MQTT_LISTENER_0_ADDRESS?"},
		{"", "SNBROKER_=1", "SNBROKER_: there is no such setting"},
		{"", "SNBROKER_MQTT_LISTENER_3_ADDRESS=:1", "SNBROKER_MQTT_LISTENER_3_ADDRESS: there is no listener 1 before it: they are numbered from 0"},
		{"", "SNBROKER_LIMITS_MAX_QUEUED=many", `SNBROKER_LIMITS_MAX_QUEUED: limits.max_queued = "many": want a whole number`},
		{"", "SNBROKER_LIMITS_MAX_QUEUED=0", "SNBROKER_LIMITS_MAX_QUEUED: limits.max_queued = 0: want 1 to 1073741824"},
		{"", "SNBROKER_LIMITS_QUEUE_QOS0_OFFLINE=maybe", `SNBROKER_LIMITS_QUEUE_QOS0_OFFLINE: limits.queue_qos0_offline = "maybe": want true or false`},
		{"", "SNBROKER_MQTTSN_PREDEFINED_0=a", "SNBROKER_MQTTSN_PREDEFINED_0: mqttsn.predefined.0: predefined topic id 0: usable ids are 1 to 65534"},
		{"limits = 1", "SNBROKER_LIMITS_MAX_QUEUED=1", "SNBROKER_LIMITS_MAX_QUEUED: the file has something else than a table where this would go"},
		{"mqtt.listener = [1]", "SNBROKER_MQTT_LISTENER_0_TYPE=tcp", "SNBROKER_MQTT_LISTENER_0_TYPE: the file has something else than a table where this would go"},
	} {
		_, err := read("t", test.file, []string{test.variable})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", test.variable, err, test.want)
		}
	}
}

// Every key has a variable, of which no two have the same name.
func TestEveryKeyHasAVariable(t *testing.T) {
	tables := map[string]bool{"mqttsn.client": true, "mqttsn.predefined": true, "mqttsn.client.ID.predefined": true}
	n := 0
	for _, key := range Keys() {
		inner := false
		for _, other := range Keys() {
			inner = inner || strings.HasPrefix(other, key+".")
		}
		if inner || tables[key] {
			continue
		}
		n++
		name := strings.ToUpper(strings.ReplaceAll(strings.Replace(key, "listener.", "listener.0.", 1), ".", "_"))
		v, ok := place(name)
		if got := strings.Join(append(v.table, v.key), "."); !ok || got != key {
			t.Errorf("%s stands for %q", name, got)
		}
	}
	if all := len(leaves()); n != all {
		t.Errorf("%d keys, %d variables: two have the same name", n, all)
	}
}

// What is printed is a file that means the same.
func TestPrint(t *testing.T) {
	for name, text := range map[string]string{"nothing": "", "the shipped file": shipped(t), "all of it": uncomment(head(t)), "no listeners": "mqtt.listener = []\n"} {
		c, err := read("t", text, []string{"SNBROKER_LIMITS_MAX_QUEUED=9", "SNBROKER_MQTTSN_CLIENT_a.b_PREDEFINED_3=e"})
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := c.Print(&out); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), "\nmax_queued = 9  # SNBROKER_LIMITS_MAX_QUEUED\n") || !strings.Contains(out.String(), "\n3 = \"e\"  # SNBROKER_MQTTSN_CLIENT_a.b_PREDEFINED_3\n") {
			t.Errorf("%s: it does not say where values are from:\n%s", name, out.String())
		}
		again, err := Parse("t", out.String())
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, out.String())
		} else if changed := Changed(c, again); len(changed) > 0 {
			t.Errorf("%s: %q changed:\n%s", name, changed, out.String())
		}
	}
	c, err := Parse("t", "\n[log]\nlevel = \"debug\"\n")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := c.Print(&out); err != nil || !strings.Contains(out.String(), "\nlevel = \"debug\"  # t:3\n") || !strings.Contains(out.String(), "\n#format = \"text\"\n") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// Whatever file and variables have in them: no panic, and what is accepted is
// printed as a file that means the same.
func FuzzEnvironment(f *testing.F) {
	f.Add("", "LIMITS_MAX_QUEUED", "9")
	f.Add("[[mqtt.listener]]\naddress = \":1\"\n", "MQTT_LISTENER_1_ADDRESS", "127.0.0.1:3, [::1]:3")
	f.Add("mqttsn.listener = [{type = \"udp\"}]\n", "MQTTSN_LISTENER_0_MAX_MESSAGE", "1KiB")
	f.Add("[mqttsn.client.\"a.b\".predefined]\n1 = \"a\"\n", "MQTTSN_CLIENT_a\"\\b_PREDEFINED_3", "e")
	f.Add("[store]\nwrite_budget = \"20MB\"\n", "LIMITS_SESSION_EXPIRY", "90m")
	f.Add("", "STORE_PATH", "\a\v\x7f\"\\")
	f.Add("", "STORE_PATH", "\xff")
	f.Add("", "MQTTSN_CLIENT_\x01\x7f_PREDEFINED_3", "e")
	f.Add("", "MQTTSN_CLIENT_\xff_PREDEFINED_3", "e")
	f.Fuzz(func(t *testing.T, file, name, value string) {
		c, err := read("t", file, []string{"SNBROKER_" + name + "=" + value})
		if err != nil {
			return
		}
		var out strings.Builder
		if err := c.Print(&out); err != nil {
			t.Fatal(err)
		}
		again, err := Parse("t", out.String())
		if err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		if changed := Changed(c, again); len(changed) > 0 {
			t.Errorf("%q changed:\n%s", changed, out.String())
		}
	})
}
