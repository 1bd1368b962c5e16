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
		MQTT: MQTT{Listeners: make([]MQTTListener, 1), SysInterval: Duration(10 * time.Second)},
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

			MaxAmplification: g.MaxAmplification,
		},
		Store: defaultStore(),
		Auth:  defaultAuth(),
		Limits: Limits{
			MaxQueued:        b.MaxQueued,
			MaxQueuedBytes:   Size(b.MaxQueuedBytes),
			QueuePolicy:      policyName(b.QueuePolicy),
			MaxMemory:        Size(b.MaxMemory),
			SharePolicy:      sharePolicies[b.SharePolicy],
			SlowAt:           b.SlowAt,
			QueueQoS0Offline: b.QueueQoS0Offline,
			MaxInflight:      b.MaxInflight,
			MaxReceived:      b.MaxReceived,
			MaxSubscriptions: b.MaxSubscriptions,
			MaxTopicLength:   Size(b.MaxTopicLength),
			MaxTopicLevels:   b.MaxTopicLevels,
			MaxSessions:      b.MaxSessions,
			MaxRetained:      b.MaxRetained,
			MaxTopics:        g.MaxTopics,
			MaxDevices:       g.MaxDevices,
			SessionExpiry:    Expiry(g.SessionExpiry),
		},
		Admin: defaultAdmin(),
		Log:   Log{Level: "info", Format: "text"},
	}
	c.MQTT.Listeners[0].setDefaults()
	c.MQTT.Listeners[0].AllowAnonymous = true
	c.MQTTSN.Listeners[0].setDefaults()
	c.MQTTSN.Listeners[0].AllowAnonymous = true
	return c
}

// loopbacks is where a listener without an address listens. Both, because
// "localhost" is the one or the other, depending on who asks.
func loopbacks(port string) Addresses { return Addresses{"127.0.0.1:" + port, "[::1]:" + port} }

const usualPort = "1883"

// usualPorts are those of other types. WebSockets have none of their own; these
// are the ones that most brokers come with.
var usualPorts = map[string]string{"tls": "8883", "dtls": "8883", "ws": "8083", "wss": "8084"}

func (l *MQTTListener) setDefaults() {
	d, secure := listener.DefaultConfig(), listener.DefaultTLSConfig()
	*l = MQTTListener{
		Type:           "tcp",
		Address:        loopbacks(usualPort),
		MaxConnections: d.MaxConnections,
		MaxPacketSize:  Size(d.MaxPacket),
		MaxKeepAlive:   Duration(d.MaxKeepAlive),
		ConnectTimeout: Duration(d.ConnectTimeout),
		WriteTimeout:   Duration(d.WriteTimeout),
		MaxFilters:     d.MaxFilters,
		MaxProperties:  Size(d.MaxProperties),
		MaxMessageRate: d.MaxMessageRate,

		ProtocolVersions:         versionNames(d.Versions),
		MountPoint:               d.MountPoint,
		MaxConnectionsPerAddress: d.MaxConnectionsPerAddress,
		ConnectionRate:           d.ConnectionRate,

		RequireClientCert:   secure.RequireClientCert,
		CertificateIdentity: identities[secure.Identity],
		TLSMinVersion:       tlsVersionName(secure.MinVersion),
		MaxHandshakes:       secure.MaxHandshakes,
		Path:                d.Path,
	}
}

func (l *MQTTSNListener) setDefaults() {
	*l = MQTTSNListener{
		Type:    "udp",
		Address: loopbacks(usualPort),
		// In force only where anonymous devices are let in, who could publish
		// as well with a CONNECT first.
		QoSMinusOne:       true,
		AdvertiseInterval: Duration(15 * time.Minute), // SN §7.2
		DTLS:              defaultDTLS(),
		SerialLine:        defaultSerialLine(),
	}
}
