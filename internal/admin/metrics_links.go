package admin

import (
	"snbroker/internal/listener"
	"snbroker/transport"
	"snbroker/transport/dtls"
	"snbroker/transport/serial"
)

// counted is a count by one of a label's values.
type counted struct {
	label string
	n     uint64
}

func (g gathering) counts(name, first string, all ...counted) {
	for _, c := range all {
		g.count(name, c.n, first, c.label)
	}
}

func (g gathering) listener(l *Listener) {
	if l.MQTT != nil {
		g.clients(l.Name, l.MQTT)
	}
	if l.Link != nil {
		g.link(l.Name, l.Link)
	}
	if l.DTLS != nil {
		g.dtls(l.Name, l.DTLS)
	}
	if l.Line != nil {
		g.line(l.Name, l.Line)
	}
}

func (g gathering) clients(name string, n *listener.Stats) {
	g.value("mqtt_connections", float64(n.Connections), name)
	g.count("mqtt_connections_accepted_total", n.Accepted, name)
	g.counts("mqtt_connections_refused_total", name, counted{"max_connections", n.Refused}, counted{"max_connections_per_address", n.RefusedAddress},
		counted{"connection_rate", n.RefusedRate}, counted{"proxy_header", n.BadProxyHeader})
	g.count("mqtt_tls_handshakes_failed_total", n.HandshakeFailed, name)
	g.counts("mqtt_packets_total", name, counted{"in", n.PacketsIn}, counted{"out", n.PacketsOut})
	g.counts("mqtt_bytes_total", name, counted{"in", n.BytesIn}, counted{"out", n.BytesOut})
	g.count("mqtt_protocol_errors_total", n.ProtocolError, name)
}

func (g gathering) link(name string, n *transport.Stats) {
	g.counts("link_datagrams_total", name, counted{"in", n.DatagramsIn}, counted{"out", n.DatagramsOut})
	g.counts("link_bytes_total", name, counted{"in", n.BytesIn}, counted{"out", n.BytesOut})
	g.counts("link_drops_total", name, counted{"send_error", n.SendErrors}, counted{"send_full", n.SendDrops},
		counted{"receive_error", n.ReceiveErrors}, counted{"oversized", n.Oversized}, counted{"kernel", n.KernelDrops})
}

func (g gathering) dtls(name string, n *dtls.Stats) {
	g.value("dtls_sessions", float64(n.Sessions), name, "established")
	g.value("dtls_sessions", float64(n.Handshaking), name, "handshaking")
	g.counts("dtls_handshakes_total", name, counted{"full", n.Handshakes - n.Resumed}, counted{"resumed", n.Resumed},
		counted{"failed", n.Failed}, counted{"timed_out", n.TimedOut}, counted{"unknown_identity", n.Unknown})
	g.counts("dtls_hellos_refused_total", name, counted{"rate", n.RefusedRate},
		counted{"doubted", n.Doubted}, counted{"displaced", n.Displaced})
	g.counts("dtls_sessions_ended_total", name, counted{"replaced", n.Replaced}, counted{"idle", n.Idle}, counted{"evicted", n.Evicted})
	g.count("dtls_addresses_changed_total", n.Moved, name)
	g.counts("dtls_datagrams_dropped_total", name, counted{"unknown_cid", n.UnknownCID}, counted{"stray", n.Stray}, counted{"overrun", n.Overrun})
}

func (g gathering) line(name string, n *serial.LineStats) {
	g.value("serial_open", float64(n.Open), name)
	g.count("serial_lost_total", n.Lost, name)
	g.count("serial_reopened_total", n.Reopened, name)
	g.counts("serial_noise_total", name, counted{"checksum", n.WrongChecksum}, counted{"length", n.WrongLength},
		counted{"escape", n.WrongEscape}, counted{"cut_off", n.CutOff}, counted{"stray", n.Stray})
	g.count("serial_resynchronised_total", n.Resynced, name)
	g.count("serial_text_total", n.Text, name)
	g.count("serial_echoes_total", n.Echoes, name)
	g.count("serial_undelivered_total", n.Undelivered, name)
}

func (g gathering) store() {
	log := g.c.s.cfg.Store
	if log == nil {
		g.value("store_healthy", 1)
		return
	}
	n := log.Stats()
	g.value("store_healthy", truth(log.Err() == nil))
	g.count("store_written_bytes_total", uint64(n.Written))
	g.value("store_written_day_bytes", float64(n.WrittenDay))
	g.took("store_commit_seconds", n.Commits, n.CommitTime)
	g.value("store_commit_max_seconds", n.SlowestCommit.Seconds())
	g.count("store_fsyncs_total", n.Syncs)
	g.count("store_failures_total", n.Failures)
	g.value("store_segments", float64(n.Segments))
	g.value("store_disk_bytes", float64(n.Disk))
	g.value("store_live_bytes", float64(n.Live))
	g.value("store_waiting_bytes", float64(n.Waiting))
	g.count("store_compactions_total", n.Compactions)
	g.count("store_moved_bytes_total", uint64(n.Moved))
	g.value("store_damage", float64(g.c.s.cfg.Damage))
}
