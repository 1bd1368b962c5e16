package config

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

const (
	keyMQTTListener   = "mqtt.listener"
	keyMQTTSNListener = "mqttsn.listener"
	keyPredefined     = "mqttsn.predefined"
	keyClient         = "mqttsn.client"
)

const (
	maxPacketSize = 256<<20 - 1   // what MQTT's length field can say, [MQTT-2.2.3]
	maxDatagram   = 65507         // of UDP over IPv4
	maxSeconds16  = 65535         // of MQTT's keep-alive and ADVERTISE's duration
	maxBuffer     = Size(1 << 30) // of a socket
	many          = 1 << 30       // of anything: more is a slip of the finger
)

// Validate finds all that is wrong with c. The error is Problems.
func (c *Config) Validate() error {
	v := validator{src: c.src}
	if len(c.MQTT.Listeners)+len(c.MQTTSN.Listeners) == 0 {
		v.wrong(keyMQTTListener, "no listeners: neither [[mqtt.listener]] nor [[mqttsn.listener]]")
	}
	v.mqttListeners(c.MQTT.Listeners)
	v.mqttsnListeners(c.MQTTSN.Listeners, &c.Auth)
	v.sys(&c.MQTT)
	v.mqttsn(&c.MQTTSN)
	v.store(&c.Store)
	v.auth(&c.Auth)
	v.limits(&c.Limits)
	v.admin(&c.Admin)
	v.status(&c.Status)
	v.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	v.oneOf("log.format", c.Log.Format, "text", "json")
	return v.problems.err()
}

type validator struct {
	src      *source
	problems Problems
}

func (v *validator) wrong(path, format string, args ...any) {
	v.problems = append(v.problems, v.src.problem(path, fmt.Sprintf(format, args...)))
}

// between checks a number, duration or size against what is accepted.
func between[T cmp.Ordered](v *validator, path string, value, least, most T) {
	if value < least || value > most {
		v.wrong(path, "%s = %s: want %s to %s", shown(path), quoted(value), quoted(least), quoted(most))
	}
}

// quoted shows a value as in the file.
func quoted(value any) string {
	switch value := value.(type) {
	case fmt.Stringer:
		if _, isSize := value.(Size); isSize && strings.Trim(value.String(), "0123456789") == "" {
			return value.String()
		}
		return `"` + value.String() + `"`
	}
	return fmt.Sprint(value)
}

func (v *validator) oneOf(path, value string, accepted ...string) {
	if !slices.Contains(accepted, value) {
		v.wrong(path, "%s = %q: want %s", shown(path), value, or(accepted))
	}
}

func or(words []string) string {
	s := make([]string, len(words))
	for i := range words {
		s[i] = fmt.Sprintf("%q", words[i])
	}
	if len(s) == 1 {
		return s[0]
	}
	return strings.Join(s[:len(s)-1], ", ") + " or " + s[len(s)-1]
}

// listenerType checks the type of a listener.
func (v *validator) listenerType(path, value string, have []string) bool {
	v.oneOf(child(path, "type"), value, have...)
	return slices.Contains(have, value)
}

func (v *validator) mqttListeners(listeners []MQTTListener) {
	var taken takenAddresses
	for i := range listeners {
		l, at := &listeners[i], element(keyMQTTListener, i)
		if v.listenerType(at, l.Type, mqttTypes) {
			v.belonging(at, l)
			if l.Type == "unix" {
				v.paths(&taken, at, l.Address)
			} else {
				v.addresses(&taken, at, l.Address)
			}
		}
		between(v, child(at, "max_connections"), l.MaxConnections, 1, many)
		between(v, child(at, "max_packet_size"), l.MaxPacketSize, 128, maxPacketSize)
		between(v, child(at, "max_keep_alive"), l.MaxKeepAlive, 0, Duration(maxSeconds16*time.Second))
		between(v, child(at, "connect_timeout"), l.ConnectTimeout, Duration(100*time.Millisecond), Duration(time.Hour))
		between(v, child(at, "max_filters"), l.MaxFilters, 1, many)
		between(v, child(at, "max_message_rate"), l.MaxMessageRate, 0, many)
		between(v, child(at, "max_message_rate_per_address"), l.MaxMessageRatePerAddress, 0, many)
		between(v, child(at, "max_properties"), l.MaxProperties, 0, Size(1<<28))
		between(v, child(at, "write_timeout"), l.WriteTimeout, Duration(100*time.Millisecond), Duration(day))
		v.clients(at, l)
		v.tls(at, l)
		v.web(at, l)
	}
}

func (v *validator) mqttsnListeners(listeners []MQTTSNListener, a *Auth) {
	var taken takenAddresses
	groups := make(map[string]string)
	lines := make(map[string]string)
	for i := range listeners {
		l, at := &listeners[i], element(keyMQTTSNListener, i)
		if v.listenerType(at, l.Type, []string{"udp", "dtls", "serial"}) {
			if l.Type != "serial" {
				v.addresses(&taken, at, l.Address)
			}
			v.dtls(at, l, a)
			v.serial(lines, at, l)
		}
		v.devices(at, l)
		if l.MaxMessage != 0 {
			between(v, child(at, "max_message"), l.MaxMessage, 16, l.longest())
		}
		between(v, child(at, "receive_buffer"), l.ReceiveBuffer, 0, maxBuffer)
		v.groups(groups, at, l)
	}
}

func (v *validator) groups(taken map[string]string, at string, l *MQTTSNListener) {
	path := child(at, "groups")
	for _, g := range l.Groups {
		a, err := parseGroup(g)
		if err != nil {
			v.wrong(path, "%s: %q %v", shown(path), g, err)
			continue
		}
		if before, ok := taken[a.String()]; ok {
			v.wrong(path, "%s: %s is in use already%s", shown(path), g, before)
		}
		taken[a.String()] = v.seenAt(path)
		ip := a.Addr()
		if needsInterface(ip) && len(l.GroupInterfaces) != 1 {
			v.wrong(path, `%s: %s means something else on every interface: name one, as in "[%s%%eth0]:%d"`, shown(path), g, ip, a.Port())
		}
	}
	if len(l.Groups) == 0 && l.Type != "serial" {
		for _, key := range []string{"group_interfaces", "advertise_interval"} {
			if path := child(at, key); v.src.has(path) {
				v.wrong(path, "%s does nothing without groups", shown(path))
			}
		}
	}
	if l.AdvertiseInterval != 0 {
		between(v, child(at, "advertise_interval"), l.AdvertiseInterval, Duration(time.Second), Duration(maxSeconds16*time.Second))
	}
}

func (v *validator) sys(m *MQTT) {
	if m.SysInterval != 0 {
		between(v, "mqtt.sys_interval", m.SysInterval, Duration(time.Second), Duration(day))
	}
}

func (v *validator) mqttsn(m *MQTTSN) {
	between(v, "mqttsn.gateway_id", m.GatewayID, 0, 255)
	between(v, "mqttsn.t_retry", m.TRetry, Duration(100*time.Millisecond), Duration(time.Hour))
	between(v, "mqttsn.n_retry", m.NRetry, 0, 100)
	between(v, "mqttsn.t_wait", m.TWait, 0, Duration(day))
	between(v, "mqttsn.max_client_id", m.MaxClientID, 1, 65535)
	between(v, "mqttsn.max_idle", m.MaxIdle, 0, 3650*Duration(day))
	between(v, "mqttsn.max_amplification", m.MaxAmplification, 0, 1000)
	between(v, "mqttsn.max_wake_messages", m.MaxWakeMessages, 0, many)
	m.predefined(func(table, id, text string) {
		path := child(table, id)
		v.wrong(path, "%s: %s", path, text)
	})
}

func (v *validator) limits(l *Limits) {
	between(v, "limits.max_topic_length", l.MaxTopicLength, 1, 65535)
	for _, n := range []struct {
		key                string
		value, least, most int
	}{
		{"max_queued", l.MaxQueued, 1, many},
		{"slow_at", l.SlowAt, 0, many},
		{"max_inflight", l.MaxInflight, 1, 65535}, // as many as there are packet ids
		{"max_received", l.MaxReceived, 1, 65535},
		{"max_subscriptions", l.MaxSubscriptions, 1, many},
		{"max_topic_levels", l.MaxTopicLevels, 1, 65536},
		{"max_sessions", l.MaxSessions, 1, many},
		{"max_retained", l.MaxRetained, 0, many},
		{"max_topics", l.MaxTopics, 1, 65534}, // as many as there are topic ids
		{"max_devices", l.MaxDevices, 1, many},
	} {
		between(v, child("limits", n.key), n.value, n.least, n.most)
	}
	between(v, "limits.max_queued_bytes", l.MaxQueuedBytes, 1<<10, mostMemory)
	if l.MaxMemory != 0 {
		between(v, "limits.max_memory", l.MaxMemory, 1<<20, mostMemory)
	}
	v.oneOf("limits.queue_policy", l.QueuePolicy, queuePolicies...)
	v.oneOf("limits.share_policy", l.SharePolicy, sharePolicies...)
	if l.SessionExpiry != Never {
		// MQTT 5 tells it in 32 bits of seconds, the last value meaning never.
		between(v, "limits.session_expiry", l.SessionExpiry, 0, 49710*Expiry(day))
	}
}

// mostMemory is 1 TiB, or what 32 bits can say.
var mostMemory = Size(min(int64(1)<<40, math.MaxInt))
