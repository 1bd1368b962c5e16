package main

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"snbroker/internal/config"
)

// announce logs what is listened on, and where clients are let in or not.
func (s *server) announce(on *sockets) {
	for _, c := range on.clients {
		s.log.Info("listening for MQTT clients", "on", c.rules.Type+" "+c.Addr().String())
		s.clientAccess(&c)
	}
	on.eachTLS(s.announceCertificate)
	for _, d := range on.devices {
		s.log.Info("listening for MQTT-SN devices", "on", d.Name())
		s.deviceAccess(&d)
	}
	s.announceLines(on.lines)
}

func (s *server) clientAccess(c *clients) {
	s.access(mqttTable(c.rules), c.Addr().String(), s.provable(c.rules), c.rules.AllowAnonymous, isLocal(c.Addr()) && len(c.rules.ProxyProtocolFrom) == 0)
}

func (s *server) deviceAccess(d *devices) {
	at := d.socket.LocalAddr()
	s.access(mqttsnTable(d.rules), at.String(), s.deviceProvable(d.rules), d.rules.AllowAnonymous, at.Addr().IsLoopback())
}

// announceReach tells how to let others in where only this machine is.
func (s *server) announceReach() {
	for _, c := range s.clients {
		if !isLocal(c.Addr()) {
			return
		}
	}
	for _, d := range s.devices {
		if !d.socket.LocalAddr().Addr().IsLoopback() {
			return
		}
	}
	s.log.Info("only this machine can connect; for others set address to :1883 in [[mqtt.listener]] and [[mqttsn.listener]], and either password_file in [auth] or, to let everybody in, allow_anonymous = true in each")
}

// summary is the state of the service in a line, for systemctl status.
func (s *server) summary() string {
	var on []string
	for _, c := range s.clients {
		on = append(on, c.rules.Type+" "+c.Addr().String())
	}
	for _, d := range s.devices {
		on = append(on, d.Name())
	}
	for i := range s.lines {
		on = append(on, s.lines[i].Name())
	}
	return "serving " + strings.Join(on, ", ")
}

// provable tells whether clients can prove who they are at a listener.
func (s *server) provable(rules *config.MQTTListener) bool {
	return s.cfg.Auth.Proves() || rules.Secure() && rules.ClientCAFile != "" && rules.CertificateIdentity != "off"
}

// deviceProvable is the same for devices.
func (s *server) deviceProvable(rules *config.MQTTSNListener) bool {
	if rules.Type == "dtls" && (s.cfg.Auth.PSKFile != "" || rules.ClientCAFile != "" && rules.CertificateIdentity != "off") {
		return true
	}
	return rules.Link().PlainAuth && s.cfg.Auth.Proves()
}

// access tells who may come in, where it is not plain.
func (s *server) access(table, address string, provable, anonymous, local bool) {
	switch {
	case !anonymous && provable:
	case !anonymous && strings.HasPrefix(table, "[[mqtt.listener]]"):
		s.log.Warn("nobody is let in here: there are no users; set password_file in [auth], or, to let everybody in, put this line into "+table,
			"listener", address, "line", "allow_anonymous = true")
	case !anonymous:
		s.log.Warn("nobody is let in here: devices cannot prove who they are; see docs/dtls.md, or, to let everybody in, put this line into "+table,
			"listener", address, "line", "allow_anonymous = true")
	case !local:
		s.log.Warn("whoever can reach this address is let in: allow_anonymous = true", "listener", address)
	}
}

func isLocal(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}

// tryIt is what to do next, for people at a terminal.
func (s *server) tryIt() string {
	var steps []string
	for _, c := range s.clients {
		if at, ok := c.Addr().(*net.TCPAddr); ok && c.rules.AllowAnonymous && c.rules.Type == "tcp" && len(c.rules.ProxyProtocolFrom) == 0 {
			steps = append(steps, "mosquitto_sub"+mosquittoAddress(at.AddrPort())+" -t '#' -v")
			break
		}
	}
	for _, d := range s.devices {
		if d.rules.AllowAnonymous && d.udp != nil {
			steps = append(steps, sim()+" pub"+simAddress(d.udp.LocalAddr())+" -t hello -m world")
			break
		}
	}
	if len(steps) == 0 {
		return ""
	}
	return fmt.Sprintf("snbroker: try it:  %s\n", strings.Join(steps, "    and    "))
}

const usualPort = 1883

// mosquittoAddress is the options that name a broker, as far as they are needed.
func mosquittoAddress(a netip.AddrPort) string {
	s := ""
	if ip := a.Addr().Unmap(); !ip.IsLoopback() && !ip.IsUnspecified() {
		s += " -h " + ip.String()
	}
	if a.Port() != usualPort {
		s += fmt.Sprintf(" -p %d", a.Port())
	}
	return s
}

// simAddress is the same for firmware-sim.
func simAddress(a netip.AddrPort) string {
	ip := a.Addr().Unmap()
	if ip.IsUnspecified() {
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	if ip.IsLoopback() && a.Port() == usualPort {
		return ""
	}
	return " -gateway " + netip.AddrPortFrom(ip, a.Port()).String()
}

// sim is how firmware-sim is started: a package has installed it.
func sim() string {
	if release != "" {
		return "firmware-sim"
	}
	return "go run ./firmware-sim"
}
