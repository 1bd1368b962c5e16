package config

import (
	"time"

	"snbroker/broker"
	"snbroker/gateway"
	"snbroker/internal/listener"
)

// Default is the configuration without a file: both protocols, on this machine
// alone.
func Default() *Config {
	g, b := gateway.DefaultConfig(), broker.DefaultLimits()
	c := &Config{
		MQTT: MQTT{Listeners: make([]MQTTListener, 1)},
		MQTTSN: MQTTSN{
			Listeners:       make([]MQTTSNListener, 1),
			GatewayID:       int(g.GatewayID),
			TRetry:          Duration(g.TRetry),
			NRetry:          g.NRetry,
			TWait:           Duration(g.TWait),
			MaxClientID:     g.MaxClientID,
			AssignClientID:  g.AssignClientID,
			AddressChange:   g.AddressChange,
			TakeoverWill:    g.TakeoverWill,
			MaxIdle:         Duration(g.MaxIdle),
			MaxWakeMessages: g.MaxWakeMessages,
		},
		Limits: Limits{
			MaxQueued:        b.MaxQueued,
			MaxQueuedBytes:   Size(b.MaxQueuedBytes),
			QueuePolicy:      policyName(b.QueuePolicy),
			SlowAt:           b.SlowAt,
			QueueQoS0Offline: b.QueueQoS0Offline,
			MaxInflight:      b.MaxInflight,
			MaxReceived:      b.MaxReceived,
			MaxSubscriptions: b.MaxSubscriptions,
			MaxSessions:      b.MaxSessions,
			MaxRetained:      b.MaxRetained,
			MaxTopics:        g.MaxTopics,
			MaxDevices:       g.MaxDevices,
			SessionExpiry:    Expiry(g.SessionExpiry),
		},
		Log: Log{Level: "info", Format: "text"},
	}
	c.MQTT.Listeners[0].setDefaults()
	c.MQTT.Listeners[0].AllowAnonymous = true
	c.MQTTSN.Listeners[0].setDefaults()
	c.MQTTSN.Listeners[0].AllowAnonymous = true
	return c
}

// loopbacks is where a listener without an address listens. Both, because
// "localhost" is the one or the other, depending on who asks.
func loopbacks() Addresses { return Addresses{"127.0.0.1:1883", "[::1]:1883"} }

func (l *MQTTListener) setDefaults() {
	d := listener.DefaultConfig()
	*l = MQTTListener{
		Type:           "tcp",
		Address:        loopbacks(),
		MaxConnections: d.MaxConnections,
		MaxPacketSize:  Size(d.MaxPacket),
		MaxKeepAlive:   Duration(d.MaxKeepAlive),
		ConnectTimeout: Duration(d.ConnectTimeout),
		WriteTimeout:   Duration(d.WriteTimeout),
	}
}

func (l *MQTTSNListener) setDefaults() {
	*l = MQTTSNListener{
		Type:    "udp",
		Address: loopbacks(),
		// In force only where anonymous devices are let in, who could publish
		// as well with a CONNECT first.
		QoSMinusOne:       true,
		AdvertiseInterval: Duration(15 * time.Minute), // SN §7.2
	}
}
