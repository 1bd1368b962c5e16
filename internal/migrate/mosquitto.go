package migrate

import (
	"fmt"
	"net"
	"slices"
	"strings"
)

// mosquitto reads what mosquitto.conf(5) describes, and RSMB's broker.cfg, which is
// close to it.
type mosquitto struct {
	*settings
	files  Files
	number int // of files read

	at     *table // the listener that lines are about; nil: all
	bridge bool   // within a bridge, up to the next listener
	all    table  // what goes for every listener
	own    []*table
}

func (m *mosquitto) read(file, text string) error {
	if m.number++; m.number > maxFiles {
		return fmt.Errorf("%s: more than %d files: take some include_dir away", file, maxFiles)
	}
	for _, at := range lines(file, text) {
		key, value, _ := strings.Cut(at.text, " ")
		value = strings.TrimSpace(value)
		if key == "include_dir" {
			names, err := m.files.List(value)
			if err != nil {
				return fmt.Errorf("%v: include_dir: %w", at, err)
			}
			for _, name := range names {
				inner, err := m.files.Read(name)
				if err != nil {
					return err
				}
				if err := m.read(name, string(inner)); err != nil {
					return err
				}
			}
			continue
		}
		m.take(at, key, value)
	}
	return nil
}

func (m *mosquitto) take(at source, key, value string) {
	switch {
	case key == "listener":
		m.bridge = false
		m.listen(at, strings.Fields(value))
	case key == "port":
		m.bridge = false
		m.listen(at, []string{value})
	case key == "connection":
		m.bridge = true
		m.leave(at, "bridges are not supported")
	case m.bridge && !slices.Contains(notOfBridges, key):
		m.leave(at, "of a bridge")
	default:
		if rule, ok := mosquittoRules[key]; !ok {
			m.leave(at, "there is no such setting here")
		} else if why := rule(m, at, value); why != "" {
			m.leave(at, why)
		}
	}
}

// notOfBridges are what a bridge does not have, so that they are the program's
// even after one.
var notOfBridges = []string{"allow_anonymous", "password_file", "acl_file", "persistence", "persistence_location", "log_type", "log_dest", "max_queued_messages", "sys_interval"}

// listen begins a listener: its port, and an address, a path, or RSMB's protocol.
func (m *mosquitto) listen(at source, words []string) {
	if len(words) == 0 {
		m.leave(at, "it has no port")
		return
	}
	name, host := "mqtt.listener", ""
	for _, w := range words[1:] {
		switch {
		case w == "mqtts": // RSMB's word for MQTT-SN
			name = "mqttsn.listener"
		case w == "mqtt" || w == "INADDR_ANY":
		default:
			host = w
		}
	}
	t := m.listener(name)
	if strings.HasPrefix(host, "/") {
		t.set("type", `"unix"`, at)
		t.set("address", quote(host), at)
	} else {
		t.set("address", quote(net.JoinHostPort(host, words[0])), at)
		if host == "" {
			t.set("address", quote(":"+words[0]), at)
		}
	}
	m.at = t
	m.own = append(m.own, t)
}

// scope is what a line is about that stands in a listener or before all of them.
func (m *mosquitto) scope() *table {
	if m.at != nil {
		return m.at
	}
	return &m.all
}

// finish gives every listener what goes for all, and what follows from the rest.
func (m *mosquitto) finish() {
	if m.number == 0 {
		return
	}
	if len(m.own) == 0 && len(m.all.keys) > 0 {
		m.own = append(m.own, m.listener("mqtt.listener"))
	}
	for _, t := range m.own {
		for _, s := range m.all.keys {
			if !t.has(s.key) && (t.name == "mqtt.listener" || s.key == "allow_anonymous") {
				t.keys = append(t.keys, s)
			}
		}
		t.typed()
	}
}

// typed gives a listener its type, now that all is known of it.
func (t *table) typed() {
	web, secure := false, t.has("cert_file")
	for i, s := range t.keys {
		if s.key == "type" {
			if s.value != `"ws"` {
				return
			}
			web = true
			if secure {
				t.keys[i].value = `"wss"`
			}
		}
	}
	if secure && !web {
		for _, s := range t.keys {
			if s.key == "cert_file" {
				t.keys = slices.Insert(t.keys, 0, setting{"type", `"tls"`, s.from})
				return
			}
		}
	}
}
