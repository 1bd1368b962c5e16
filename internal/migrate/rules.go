package migrate

import (
	"fmt"
	"strings"
)

// A rule takes a line over, or tells why it does not.
type rule func(m *mosquitto, at source, value string) (why string)

var mosquittoRules = map[string]rule{
	// Of listeners.
	"bind_address": func(*mosquitto, source, string) string { return "write it into address of the listener" },
	"bind_interface": func(*mosquitto, source, string) string {
		return "write the interface's address into address of the listener"
	},
	"protocol":                 protocol,
	"allow_anonymous":          inListener("allow_anonymous", truth),
	"listener_allow_anonymous": inListener("allow_anonymous", truth),
	"max_connections":          inListener("max_connections", positive),
	"max_packet_size":          inListener("max_packet_size", positive),
	"message_size_limit":       inListener("max_packet_size", positive),
	"max_keepalive":            inListener("max_keep_alive", seconds),
	"mount_point":              inListener("mount_point", mountPoint),
	"certfile":                 inListener("cert_file", text),
	"keyfile":                  inListener("key_file", text),
	"cafile":                   inListener("client_ca_file", text),
	"crlfile":                  inListener("crl_file", text),
	"require_certificate":      inListener("require_client_cert", truth),
	"tls_version":              inListener("tls_min_version", tlsVersion),
	"use_identity_as_username": inListener("certificate_identity", identity),
	"websockets_origin":        inListener("allowed_origins", func(v string) (string, string) { return quoteAll([]string{v}), "" }),
	"http_dir":                 because("pages are not served"),
	"use_subject_as_username":  because(`a certificate's whole subject is no name here; certificate_identity = "cn" takes the common name`),
	"capath":                   because("put the authorities into one file, client_ca_file"),
	"ciphers":                  because("cipher suites are not chosen: all that there are have forward secrecy and authenticated encryption"),
	"ciphers_tls1.3":           because("cipher suites are not chosen: all that there are have forward secrecy and authenticated encryption"),
	"dhparamfile":              because("elliptic curves are used"),
	"psk_hint":                 because("keys are for devices with DTLS: see docs/dtls.md"),
	"enable_proxy_protocol":    because("name the proxies in proxy_protocol_from"),

	// Of the program.
	"password_file":                inTable("auth", "password_file", text),
	"acl_file":                     inTable("auth", "acl_file", text),
	"psk_file":                     inTable("auth", "psk_file", text),
	"clientid_prefixes":            because("see bind_client_id in [auth], which keeps a user's ClientIDs for the user"),
	"max_inflight_messages":        inTable("limits", "max_inflight", orMost("65535")),
	"max_queued_messages":          inTable("limits", "max_queued", orMost("1000000000")),
	"max_queued_bytes":             inTable("limits", "max_queued_bytes", positive),
	"memory_limit":                 inTable("limits", "max_memory", positive),
	"queue_qos0_messages":          inTable("limits", "queue_qos0_offline", truth),
	"persistent_client_expiration": inTable("limits", "session_expiry", expiration),
	"sys_interval":                 inTable("mqtt", "sys_interval", seconds),
	"persistence":                  persistence,
	"persistence_location":         because("its database has another form; here the folder is [store] path"),
	"persistence_file":             because("the store is a folder: [store] path"),
	"autosave_interval":            because("nothing is saved as a whole: what is acknowledged is on the disk; see durability in [store]"),
	"autosave_on_changes":          because("nothing is saved as a whole: what is acknowledged is on the disk; see durability in [store]"),
	"log_type":                     logType,
	"log_dest":                     because("the log goes to the standard error output, which systemd keeps"),
	"log_timestamp":                because("lines have their time where nobody else gives them one"),
	"log_timestamp_format":         because("lines have their time where nobody else gives them one"),
	"connection_messages":          because(`level = "debug" in [log] shows connections`),
	"user":                         because("the service decides as whom it runs"),
	"pid_file":                     because("the service knows its process"),
	"per_listener_settings":        because("users and rights are the same at all listeners; allow_anonymous is each listener's"),
	"retain_available":             because("retained messages cannot be turned off; max_retained in [limits] bounds them"),
	"allow_zero_length_clientid":   because("clients without a ClientID get one"),
	"auto_id_prefix":               because("made-up ClientIDs have no prefix of choice"),
	"plugin":                       because("there are no plugins"),
	"auth_plugin":                  because("there are no plugins"),
	"set_tcp_nodelay":              because("that is always so"),
	"upgrade_outgoing_qos":         because("a message is delivered at the lower QoS of the two"),
	"allow_duplicate_messages":     because("a client gets a message once, however many of its subscriptions match"),
	"max_inflight_bytes":           because("what is on its way is bounded by max_inflight"),
}

func because(why string) rule { return func(*mosquitto, source, string) string { return why } }

// A form turns a value into TOML, or tells why it cannot.
type form func(value string) (toml, why string)

func inListener(key string, f form) rule {
	return func(m *mosquitto, at source, value string) string {
		toml, why := f(value)
		if why == "" && toml != "" {
			m.scope().set(key, toml, at)
		}
		return why
	}
}

func inTable(table, key string, f form) rule {
	return func(m *mosquitto, at source, value string) string {
		toml, why := f(value)
		if why == "" && toml != "" {
			m.table(table).set(key, toml, at)
		}
		return why
	}
}

func text(v string) (string, string) { return quote(v), "" }

func truth(v string) (string, string) {
	if v != "true" && v != "false" {
		return "", "want true or false"
	}
	return v, ""
}

// positive leaves out what means "no bound" there: 0 and -1.
func positive(v string) (string, string) {
	n, ok := number(v, -1, 1<<40)
	switch {
	case !ok:
		return "", "want a number"
	case n <= 0:
		return "", "without a bound: there is one here, its default"
	}
	return fmt.Sprint(n), ""
}

// orMost takes 0 for the most there may be.
func orMost(most string) form {
	return func(v string) (string, string) {
		if v == "0" {
			return most, ""
		}
		return positive(v)
	}
}

func seconds(v string) (string, string) {
	n, ok := number(v, 0, 1<<30)
	if !ok {
		return "", "want seconds"
	}
	return fmt.Sprintf(`"%ds"`, n), ""
}

func mountPoint(v string) (string, string) {
	if !strings.HasSuffix(v, "/") {
		return "", `a mount point ends in "/" here`
	}
	return quote(v), ""
}

func identity(v string) (string, string) {
	if v == "true" {
		return `"cn"`, ""
	}
	return `"off"`, ""
}

func tlsVersion(v string) (string, string) {
	switch v {
	case "tlsv1.3":
		return `"1.3"`, ""
	case "tlsv1.2":
		return `"1.2"`, ""
	}
	return "", "there are TLS 1.2 and 1.3"
}

// expiration has hours, days, weeks, months and years there.
func expiration(v string) (string, string) {
	days := map[byte]int64{'d': 1, 'w': 7, 'm': 30, 'y': 365}
	if v == "" {
		return "", "want a time"
	}
	unit := v[len(v)-1]
	n, ok := number(v[:len(v)-1], 1, 100_000)
	switch {
	case ok && unit == 'h':
		return fmt.Sprintf(`"%dh"`, n), ""
	case ok && days[unit] > 0 && n*days[unit] <= 49710:
		return fmt.Sprintf(`"%dd"`, n*days[unit]), ""
	}
	return "", "want a time in h, d, w, m or y"
}

func protocol(m *mosquitto, at source, v string) string {
	switch v {
	case "mqtt":
		return ""
	case "websockets":
		m.scope().set("type", `"ws"`, at)
		return ""
	}
	return "there is no such protocol here"
}

func persistence(m *mosquitto, at source, v string) string {
	if v == "false" {
		m.table("store").set("path", `""`, at)
	}
	return ""
}

func logType(m *mosquitto, at source, v string) string {
	switch v {
	case "debug", "all":
		m.table("log").set("level", `"debug"`, at)
	case "error", "warning", "notice", "information":
	default:
		return `there are "debug", "info", "warn" and "error": level in [log]`
	}
	return ""
}
