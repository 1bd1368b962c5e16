package config

// Config is a whole config.toml.
type Config struct {
	MQTT   MQTT   `toml:"mqtt"`
	MQTTSN MQTTSN `toml:"mqttsn"`
	Store  Store  `toml:"store"`
	Auth   Auth   `toml:"auth"`
	Limits Limits `toml:"limits"`
	Admin  Admin  `toml:"admin"`
	Status Status `toml:"status"`
	Log    Log    `toml:"log"`

	src *source // nil: made by hand, not read from a file
}

// MQTT is what regular clients meet.
type MQTT struct {
	Listeners []MQTTListener `toml:"listener"`
	// SysInterval is the time between two reports below $SYS; 0: none.
	SysInterval Duration `toml:"sys_interval"`
}

// MQTTListener is a [[mqtt.listener]].
type MQTTListener struct {
	Type           string    `toml:"type"`
	Address        Addresses `toml:"address"`
	AllowAnonymous bool      `toml:"allow_anonymous"`
	MaxConnections int       `toml:"max_connections"`
	MaxPacketSize  Size      `toml:"max_packet_size"`
	MaxKeepAlive   Duration  `toml:"max_keep_alive"`
	ConnectTimeout Duration  `toml:"connect_timeout"`
	WriteTimeout   Duration  `toml:"write_timeout"`
	MaxFilters     int       `toml:"max_filters"`
	MaxProperties  Size      `toml:"max_properties"`
	MaxMessageRate int       `toml:"max_message_rate"`

	MaxMessageRatePerAddress int `toml:"max_message_rate_per_address"`

	ServerReference string `toml:"server_reference"`

	ProtocolVersions         []string `toml:"protocol_versions"`
	MountPoint               string   `toml:"mount_point"`
	MaxConnectionsPerAddress int      `toml:"max_connections_per_address"`
	ConnectionRate           int      `toml:"connection_rate"`
	ProxyProtocolFrom        []string `toml:"proxy_protocol_from"`

	// With "tls" and "wss".
	CertFile            string `toml:"cert_file"`
	KeyFile             string `toml:"key_file"`
	ClientCAFile        string `toml:"client_ca_file"`
	RequireClientCert   bool   `toml:"require_client_cert"`
	CRLFile             string `toml:"crl_file"`
	CertificateIdentity string `toml:"certificate_identity"`
	TLSMinVersion       string `toml:"tls_min_version"`
	MaxHandshakes       int    `toml:"max_handshakes"`

	// With "ws" and "wss".
	Path           string   `toml:"path"`
	AllowedOrigins []string `toml:"allowed_origins"`

	origin string // "config.toml:12", for messages
}

// MQTTSN is what devices meet.
type MQTTSN struct {
	Listeners       []MQTTSNListener `toml:"listener"`
	GatewayID       int              `toml:"gateway_id"`
	TRetry          Duration         `toml:"t_retry"`
	NRetry          int              `toml:"n_retry"`
	TWait           Duration         `toml:"t_wait"`
	MaxClientID     int              `toml:"max_client_id"`
	AssignClientID  bool             `toml:"assign_client_id"`
	AddressChange   bool             `toml:"address_change"`
	TakeoverWill    bool             `toml:"takeover_will"`
	MaxIdle         Duration         `toml:"max_idle"`
	MaxWakeMessages int              `toml:"max_wake_messages"`

	MaxAmplification int `toml:"max_amplification"`

	Predefined map[string]string `toml:"predefined"` // topic id to name
	Clients    map[string]Client `toml:"client"`     // by ClientID
}

// MQTTSNListener is a [[mqttsn.listener]].
type MQTTSNListener struct {
	Type              string    `toml:"type"`
	Address           Addresses `toml:"address"`
	AllowAnonymous    bool      `toml:"allow_anonymous"`
	QoSMinusOne       bool      `toml:"qos_minus_one"`
	MaxMessage        Size      `toml:"max_message"`
	ReceiveBuffer     Size      `toml:"receive_buffer"`
	Groups            []string  `toml:"groups"`
	GroupInterfaces   []string  `toml:"group_interfaces"`
	AdvertiseInterval Duration  `toml:"advertise_interval"`

	Devices
	DTLS
	SerialLine // with type "serial"

	origin string
}

// Client is a [mqttsn.client."ID"].
type Client struct {
	Predefined map[string]string `toml:"predefined"`
}

// Auth says who clients are and what they may do.
type Auth struct {
	PasswordFile     string   `toml:"password_file"`
	ACLFile          string   `toml:"acl_file"`
	SCRAMFile        string   `toml:"scram_file"`
	PSKFile          string   `toml:"psk_file"`
	BindClientID     string   `toml:"bind_client_id"`
	JWTSecretFile    string   `toml:"jwt_secret_file"`
	JWKSFile         string   `toml:"jwks_file"`
	JWTIssuer        string   `toml:"jwt_issuer"`
	JWTAudience      string   `toml:"jwt_audience"`
	JWTUsernameClaim string   `toml:"jwt_username_claim"`
	HashWorkers      int      `toml:"hash_workers"`
	BanFailures      int      `toml:"ban_failures"`
	BanTime          Duration `toml:"ban_time"`
	MaxConnects      int      `toml:"max_connects"`
}

// Limits bound what clients and devices can make the program hold.
type Limits struct {
	MaxQueued        int    `toml:"max_queued"`
	MaxQueuedBytes   Size   `toml:"max_queued_bytes"`
	QueuePolicy      string `toml:"queue_policy"`
	MaxMemory        Size   `toml:"max_memory"`
	SharePolicy      string `toml:"share_policy"`
	SlowAt           int    `toml:"slow_at"`
	QueueQoS0Offline bool   `toml:"queue_qos0_offline"`
	MaxInflight      int    `toml:"max_inflight"`
	MaxReceived      int    `toml:"max_received"`
	MaxSubscriptions int    `toml:"max_subscriptions"`
	MaxTopicLength   Size   `toml:"max_topic_length"`
	MaxTopicLevels   int    `toml:"max_topic_levels"`
	MaxSessions      int    `toml:"max_sessions"`
	MaxRetained      int    `toml:"max_retained"`
	MaxTopics        int    `toml:"max_topics"`
	MaxDevices       int    `toml:"max_devices"`
	SessionExpiry    Expiry `toml:"session_expiry"`
}

// Log is how the program tells what it does.
type Log struct {
	Level  string `toml:"level"`
	Format string `toml:"format"`
}

// Origin is where the listener stands in its file, "config.toml:12"; "" for a
// built-in one.
func (l *MQTTListener) Origin() string   { return l.origin }
func (l *MQTTSNListener) Origin() string { return l.origin }
