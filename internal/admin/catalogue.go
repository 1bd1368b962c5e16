package admin

import (
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// metric is one of those below: its name, without "snbroker_", and what it tells.
// Names are for ever: dashboards and alerts rest on them. docs/metrics.md has them
// all. None has a label whose values clients could make up.
type metric struct {
	name, kind, labels, help string
}

const (
	counter = "counter"
	gauge   = "gauge"
	summary = "summary" // count and sum
)

var catalogue = []metric{
	{"info", gauge, "version", "1, with the version of the program."},
	{"ready", gauge, "", "1 if everything is listened on and the disk takes what is written."},
	{"start_time_seconds", gauge, "", "When the program was started, since 1970."},

	{"sessions", gauge, "", "Sessions, connected or not."},
	{"sessions_connected", gauge, "", "Sessions of connected clients, and of devices that are there or sleep."},
	{"sessions_expired_total", counter, "", "Sessions that ended because their expiry passed."},
	{"subscriptions", gauge, "", "Subscriptions of all sessions."},
	{"subscriptions_shared", gauge, "", "Of these, the shared ones."},
	{"retained_messages", gauge, "", "Retained messages."},
	{"queue_messages", gauge, "", "Messages that wait in queues."},
	{"queue_bytes", gauge, "", "What they hold of memory, about; a body that several queues share counts once."},
	{"messages_published_total", counter, "", "Application messages taken in."},
	{"messages_queued_total", counter, "", "Messages put into queues, one for each session that gets them."},
	{"messages_delivered_total", counter, "", "Messages given to connections."},
	{"messages_dropped_total", counter, "reason", "Messages that did not reach a session, or were not taken in."},
	{"payload_bytes_published_total", counter, "", "Octets of payload taken in."},
	{"payload_bytes_delivered_total", counter, "", "Octets of payload given to connections."},

	{"mqtt_connections", gauge, "listener", "Connections of clients, also those that are not let in yet."},
	{"mqtt_connections_accepted_total", counter, "listener", "Connections accepted."},
	{"mqtt_connections_refused_total", counter, "listener,reason", "Connections closed at once: too many in all, of an address, in a second; or a bad PROXY header."},
	{"mqtt_tls_handshakes_failed_total", counter, "listener", "TLS handshakes that failed."},
	{"mqtt_packets_total", counter, "listener,direction", "Control packets."},
	{"mqtt_bytes_total", counter, "listener,direction", "Their octets."},
	{"mqtt_protocol_errors_total", counter, "listener", "Connections ended because of what the client sent."},

	{"devices", gauge, "state", "Devices that the gateway has, by their state."},
	{"devices_lost_total", counter, "", "Devices given up: silent for too long, or without an answer."},
	{"stalls_total", counter, "", "Times that the program was held up for half a second or more, and gave devices more time."},
	{"mqttsn_messages_total", counter, "direction,type", "MQTT-SN messages."},
	{"mqttsn_malformed_total", counter, "reason", "Datagrams that are no messages."},
	{"mqttsn_ignored_total", counter, "", "Messages that mean nothing in their session's state."},
	{"mqttsn_strangers_total", counter, "answered", "Messages of addresses without a session: told to connect, or, above a rate, nothing."},
	{"mqttsn_qos_minus_one_dropped_total", counter, "", "PUBLISH with QoS -1 that is not allowed, or to an unknown topic."},
	{"mqttsn_connects_refused_total", counter, "code", "CONNECT messages refused, by the return code that answered them."},
	{"mqttsn_tokens_expired_total", counter, "", "Devices ended because their token's time was over."},
	{"mqttsn_too_fast_total", counter, "", "PUBLISH messages beyond max_message_rate, of a device or an address."},
	{"mqttsn_unproved_total", counter, "outcome", "What addresses that have proved nothing cost them: messages held back, proofs asked for, proofs that look guessed, devices ended to make room."},
	{"mqttsn_duplicates_total", counter, "", "Requests that devices sent again, answered and not done again."},
	{"mqttsn_retries_total", counter, "", "Messages sent to devices again."},
	{"mqttsn_round_trip_seconds", summary, "", "How long devices took to answer what they were sent once."},
	{"mqttsn_encode_errors_total", counter, "", "Messages that could not be encoded: a fault of the program."},
	{"mqttsn_auth_refused_total", counter, "", "CONNECT messages whose AUTH was wrong, or missing."},

	{"link_datagrams_total", counter, "link,direction", "Datagrams of a device listener."},
	{"link_bytes_total", counter, "link,direction", "Their octets."},
	{"link_drops_total", counter, "link,reason", "Datagrams lost: refused on their way out, given up because the way out stayed full, not read, too long, or dropped by the kernel."},
	{"dtls_sessions", gauge, "link,state", "DTLS sessions."},
	{"dtls_handshakes_total", counter, "link,result", "DTLS handshakes that came to an end."},
	{"dtls_hellos_refused_total", counter, "link,reason", "Handshakes that were not begun, or had to begin anew."},
	{"dtls_sessions_ended_total", counter, "link,reason", "DTLS sessions that the gateway ended."},
	{"dtls_addresses_changed_total", counter, "link", "New addresses of DTLS sessions."},
	{"dtls_datagrams_dropped_total", counter, "link,reason", "Datagrams of no DTLS session, or too many of one."},
	{"serial_open", gauge, "link", "1 if the serial line is open."},
	{"serial_lost_total", counter, "link", "Times that the line went away: unplugged, or its server was gone."},
	{"serial_reopened_total", counter, "link", "Times that it came back."},
	{"serial_noise_total", counter, "link,reason", "Damaged frames, and pieces between frames that are no text."},
	{"serial_resynchronised_total", counter, "link", "Times that a frame was found after noise."},
	{"serial_text_total", counter, "link", "Pieces of text between frames, which firmware prints."},
	{"serial_echoes_total", counter, "link", "Own messages that came back, dropped."},
	{"serial_undelivered_total", counter, "link", "Messages that the radio gave up."},

	{"store_healthy", gauge, "", "1 if the disk takes what is written, or nothing is kept on one."},
	{"store_written_bytes_total", counter, "", "Octets written to the disk, in whole pages of 4 KiB."},
	{"store_written_day_bytes", gauge, "", "Of these, in the last 24 hours."},
	{"store_commit_seconds", summary, "", "Commits, and how long they took."},
	{"store_commit_max_seconds", gauge, "", "The slowest commit since the start."},
	{"store_fsyncs_total", counter, "", "fsync calls."},
	{"store_failures_total", counter, "", "Commits that the disk did not take."},
	{"store_segments", gauge, "", "Segments of the log."},
	{"store_disk_bytes", gauge, "", "Octets of all files."},
	{"store_live_bytes", gauge, "", "Octets of records that are needed."},
	{"store_waiting_bytes", gauge, "", "Octets not written yet."},
	{"store_compactions_total", counter, "", "Segments tidied up."},
	{"store_moved_bytes_total", counter, "", "Octets written anew for that."},
	{"store_damage", gauge, "", "Stretches that could not be read at the start."},

	{"auth_refused_total", counter, "reason", "Logins of clients refused."},
	{"acl_denied_total", counter, "action", "What clients and devices wanted and may not: publishes with wills, subscriptions, deliveries."},
	{"auth_bans", gauge, "", "Bans in force."},
	{"admin_refused_total", counter, "reason", "Logins to this API refused."},
}

// described is a metric as its Desc.
type described struct {
	metric
	desc *prometheus.Desc
}

func (m metric) fullName() string { return "snbroker_" + m.name }

func (m metric) labelNames() []string {
	if m.labels == "" {
		return nil
	}
	return strings.Split(m.labels, ",")
}

func describe() map[string]described {
	all := make(map[string]described, len(catalogue))
	for _, m := range catalogue {
		all[m.name] = described{m, prometheus.NewDesc(m.fullName(), m.help, m.labelNames(), nil)}
	}
	return all
}

// wrong names metrics that are not in the catalogue, or with other labels.
func (d described) wrong(labels []string) bool {
	return d.desc == nil || len(d.labelNames()) != len(labels) || slices.Contains(labels, "")
}
