package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"snbroker/internal/config"
	"snbroker/internal/listener"
)

// loadTLS reads the files of a listener with TLS; nil for others.
func loadTLS(rules *config.MQTTListener) (*listener.TLS, error) {
	if !rules.Secure() {
		return nil, nil
	}
	t, err := listener.LoadTLS(rules.TLS())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", mqttTable(rules), err)
	}
	return t, nil
}

// checkTLS reads the files of all listeners, and lists what is wrong.
func checkTLS(cfg *config.Config) error {
	var all []error
	for i := range cfg.MQTT.Listeners {
		if _, err := loadTLS(&cfg.MQTT.Listeners[i]); err != nil {
			all = append(all, err)
		}
	}
	for i := range cfg.MQTTSN.Listeners {
		if _, err := loadDTLS(&cfg.MQTTSN.Listeners[i]); err != nil {
			all = append(all, err)
		}
	}
	return errors.Join(all...)
}

// eachTLS visits what listeners have of TLS, once where several addresses share
// it.
func (on *sockets) eachTLS(visit func(table string, t *listener.TLS)) {
	var last *listener.TLS
	for _, c := range on.clients {
		if c.tls != nil && c.tls != last {
			visit(mqttTable(c.rules), c.tls)
			last = c.tls
		}
	}
	for _, d := range on.devices {
		if t := d.files.now(); t != nil && t != last {
			visit(mqttsnTable(d.rules), t)
			last = t
		}
	}
}

// reloadTLS reads certificates, authorities and revocations again, and reports
// whether all of them are good.
func (s *server) reloadTLS() (whole bool) {
	whole = true
	s.eachTLS(func(table string, t *listener.TLS) {
		if err := t.Reload(); err != nil {
			whole = false
			s.log.Error("certificates not reloaded, all stays as it was", "listener", table, "error", err)
			return
		}
		s.announceCertificate(table, t)
	})
	return whole
}

// announceCertificate tells the certificate in force, and when it is not good.
func (s *server) announceCertificate(table string, t *listener.TLS) {
	c := t.Certificate()
	names := c.DNSNames
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	args := []any{"listener", table, "names", strings.Join(names, " "), "expires", c.NotAfter.Format(time.DateOnly)}
	switch now := time.Now(); {
	case now.After(c.NotAfter):
		s.log.Warn("the server's certificate has expired: clients will refuse it", args...)
	case now.Before(c.NotBefore):
		s.log.Warn("the server's certificate is not valid yet, or this machine's clock is wrong", args...)
	default:
		s.log.Info("certificate loaded", args...)
	}
}
