package config

import (
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"snbroker/broker"
	"snbroker/gateway"
	"snbroker/internal/listener"
	"snbroker/mapping"
	"snbroker/mqttsn"
	"snbroker/transport/udp"
)

// queuePolicies are the words for a broker.QueuePolicy, by its value.
var queuePolicies = []string{broker.DropOldest: "drop-oldest", broker.DropNewest: "drop-newest", broker.DropClient: "disconnect"}

// sharePolicies are the words for a broker.SharePolicy, by its value.
var sharePolicies = []string{broker.ShareRoundRobin: "round-robin", broker.ShareSticky: "sticky"}

func policyName(p broker.QueuePolicy) string { return queuePolicies[p] }

func policy(name string) broker.QueuePolicy {
	for p, n := range queuePolicies {
		if n == name {
			return broker.QueuePolicy(p)
		}
	}
	return broker.DropOldest // Validate has refused other names
}

// Broker is what the broker needs to know.
func (c *Config) Broker() broker.Limits {
	l, b := &c.Limits, broker.DefaultLimits()
	b.MaxQueued = l.MaxQueued
	b.MaxQueuedBytes = int(l.MaxQueuedBytes)
	b.QueuePolicy = policy(l.QueuePolicy)
	b.SharePolicy = broker.SharePolicy(max(0, slices.Index(sharePolicies, l.SharePolicy)))
	b.MaxMemory = int64(l.MaxMemory)
	b.SlowAt = l.SlowAt
	b.QueueQoS0Offline = l.QueueQoS0Offline
	b.MaxInflight = l.MaxInflight
	b.MaxReceived = l.MaxReceived
	b.MaxSubscriptions = l.MaxSubscriptions
	b.MaxTopicLength = int(l.MaxTopicLength)
	b.MaxTopicLevels = l.MaxTopicLevels
	b.MaxSessions = l.MaxSessions
	b.MaxRetained = l.MaxRetained
	return b
}

// Gateway is what the gateway needs to know.
func (c *Config) Gateway() gateway.Config {
	m := &c.MQTTSN
	return gateway.Config{
		GatewayID:       mqttsn.GwID(m.GatewayID),
		TRetry:          time.Duration(m.TRetry),
		NRetry:          m.NRetry,
		TWait:           time.Duration(m.TWait),
		Predefined:      m.predefined(func(string, string, string) {}),
		MaxTopics:       c.Limits.MaxTopics,
		MaxClientID:     m.MaxClientID,
		MaxDevices:      c.Limits.MaxDevices,
		MaxWakeMessages: m.MaxWakeMessages,
		AddressChange:   m.AddressChange,
		TakeoverWill:    m.TakeoverWill,
		AssignClientID:  m.AssignClientID,
		MaxIdle:         time.Duration(m.MaxIdle),
		SessionExpiry:   time.Duration(c.Limits.SessionExpiry),

		MaxAmplification: m.MaxAmplification,
	}
}

// predefined collects the predefined topic ids; nil if there are none. What
// does not go is told to wrong, by table and key.
func (m *MQTTSN) predefined(wrong func(table, id, text string)) *mapping.Predefined {
	var p mapping.Predefined
	n := 0
	add := func(table, clientID string, topics map[string]string) {
		for _, key := range slices.Sorted(maps.Keys(topics)) {
			name := topics[key]
			n++
			id, err := strconv.ParseUint(key, 10, 16)
			if err != nil {
				wrong(table, key, "a topic id is a number from 1 to 65534")
				continue
			}
			if err := p.Add(clientID, mqttsn.TopicID(id), name); err != nil {
				wrong(table, key, err.Error())
			}
		}
	}
	add(keyPredefined, "", m.Predefined)
	for id, client := range m.Clients {
		add(child(child(keyClient, id), "predefined"), id, client.Predefined)
	}
	if n == 0 {
		return nil
	}
	return &p
}

// Listener is what a listener of regular clients needs to know.
func (c *Config) Listener(l *MQTTListener) listener.Config {
	d := listener.DefaultConfig()
	d.Anonymous = l.AllowAnonymous
	d.MaxConnections = l.MaxConnections
	d.MaxPacket = int(l.MaxPacketSize)
	d.MaxKeepAlive = time.Duration(l.MaxKeepAlive)
	d.ConnectTimeout = time.Duration(l.ConnectTimeout)
	d.WriteTimeout = time.Duration(l.WriteTimeout)
	d.MaxFilters = l.MaxFilters
	d.MaxProperties = int(l.MaxProperties)
	d.MaxMessageRate = l.MaxMessageRate
	d.MaxMessageRatePerAddress = l.MaxMessageRatePerAddress
	d.ServerReference = l.ServerReference
	d.SessionExpiry = time.Duration(c.Limits.SessionExpiry)
	d.Versions = versions(l.ProtocolVersions)
	d.MountPoint = l.MountPoint
	d.MaxConnectionsPerAddress = l.MaxConnectionsPerAddress
	d.ConnectionRate = l.ConnectionRate
	for _, s := range l.ProxyProtocolFrom {
		p, _ := parseNetwork(s) // Validate has refused others
		d.ProxyFrom = append(d.ProxyFrom, p)
	}
	d.WebSocket = l.WebSocket()
	d.Path = l.Path
	d.AllowedOrigins = l.AllowedOrigins
	return d
}

// Link is the rules for the devices of a listener.
func (l *MQTTSNListener) Link() gateway.LinkOptions {
	return gateway.LinkOptions{
		Anonymous:                l.AllowAnonymous,
		QoSMinusOne:              l.QoSMinusOne,
		MaxMessage:               int(l.MaxMessage),
		ClientIDs:                l.ClientIDs,
		PlainAuth:                l.plainAuth(),
		MaxMessageRate:           l.MaxMessageRate,
		MaxMessageRatePerAddress: l.MaxMessageRatePerAddress,
	}
}

// UDP is how to open the listener's socket at one of its addresses.
func (l *MQTTSNListener) UDP(address string) udp.Config {
	return udp.Config{Address: address, ReceiveBuffer: int(l.ReceiveBuffer)}
}

// Group is how to open the listener's socket for one of its groups.
func (l *MQTTSNListener) Group(group string) udp.GroupConfig {
	g := udp.GroupConfig{Group: group, Interfaces: l.GroupInterfaces}
	if a, err := parseGroup(group); err == nil && a.Addr().Zone() != "" {
		g.Interfaces = nil // it names its own
	}
	return g
}

// GroupAddress is where datagrams to one of its groups go.
func (l *MQTTSNListener) GroupAddress(group string) netip.AddrPort {
	a, _ := parseGroup(group) // Validate has refused others
	if needsInterface(a.Addr()) && len(l.GroupInterfaces) == 1 {
		return netip.AddrPortFrom(a.Addr().WithZone(l.GroupInterfaces[0]), a.Port())
	}
	return a
}

// SlogLevel is the level of the log.
func (l *Log) SlogLevel() slog.Level {
	var level slog.Level
	_ = level.UnmarshalText([]byte(l.Level)) // Validate has refused other names; info
	return level
}
