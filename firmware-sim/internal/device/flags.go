// Package device makes a device out of command-line flags, and explains what
// became of it.
package device

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"io"
	"strconv"
	"time"

	"snbroker/firmware-sim/internal/cli"
	"snbroker/firmware-sim/internal/secure"
	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
)

// Flags are those of every command that talks to a gateway as a device.
type Flags struct {
	Gateway   string
	Debug     bool
	clientID  string
	keepAlive uint
	clean     bool
	tRetry    time.Duration
	nRetry    int
	line      line
	will      struct {
		topic, message string
		qos            QoS
		retain         bool
	}
	login    string
	security secure.Flags
	set      *flag.FlagSet
}

// Register adds them to a command's flag set.
func (d *Flags) Register(f *flag.FlagSet) {
	d.set = f
	d.RegisterLink(f)
	d.security.Register(f, "DTLS with a pre-shared key: `identity:hexkey`, or identity:@FILE with such a line")
	f.StringVar(&d.clientID, "i", "", "client `id`, up to 23 octets (default: a random one)")
	f.UintVar(&d.keepAlive, "k", 60, "keep alive in `seconds`; 0 turns it off")
	f.BoolVar(&d.clean, "c", true, "clean session; -c=false keeps subscriptions and messages for the next time, and needs -i")
	f.StringVar(&d.will.topic, "will-topic", "", "`topic` that the gateway publishes to if this device is lost")
	f.StringVar(&d.will.message, "will-message", "", "`message` that it publishes there")
	f.Var(&d.will.qos, "will-qos", "QoS `level` of the will: 0, 1 or 2")
	f.BoolVar(&d.will.retain, "will-retain", false, "retain the will")
	f.StringVar(&d.login, "auth", "", "AUTH message with `user:password`, or user:@FILE with the password, or token, on its first line; without DTLS anybody can read it")
	f.DurationVar(&d.tRetry, "t-retry", client.DefaultTRetry, "wait for each answer")
	f.IntVar(&d.nRetry, "n-retry", client.DefaultNRetry, "repetitions of a request before giving up")
}

// RegisterLink adds only those that say where to.
func (d *Flags) RegisterLink(f *flag.FlagSet) {
	f.StringVar(&d.Gateway, "gateway", "127.0.0.1:1883", "`host:port` of the gateway, MQTT-SN over UDP")
	d.line.register(f)
	f.BoolVar(&d.Debug, "d", false, "show every datagram on stderr, one line each")
}

// Config is the device that the flags describe.
func (d *Flags) Config() (client.Config, error) {
	command := d.set.Name()
	cfg := client.Config{
		ClientID:     d.clientID,
		CleanSession: d.clean,
		KeepAlive:    time.Duration(d.keepAlive) * time.Second,
		TRetry:       d.tRetry,
		NRetry:       d.nRetry,
		FirstMsgID:   randomMsgID(),
	}
	switch {
	case d.keepAlive > 65535:
		return cfg, cli.Usagef(command, "-k %d is more than 65535", d.keepAlive)
	case !d.clean && d.clientID == "":
		return cfg, cli.Usagef(command, "-c=false keeps a session under the client id, so it needs one: add -i")
	case len(d.clientID) > 23:
		return cfg, cli.Usagef(command, "-i %q has %d octets, and 23 are allowed", d.clientID, len(d.clientID))
	case d.tRetry <= 0 || d.nRetry < 0:
		return cfg, cli.Usagef(command, "-t-retry must be more than 0, and -n-retry no less")
	case d.will.topic == "" && d.will.message != "":
		return cfg, cli.Usagef(command, "-will-message needs a -will-topic")
	case mqttsn.QoS(d.will.qos) == mqttsn.QoSMinusOne:
		return cfg, cli.Usagef(command, "-will-qos is 0, 1 or 2")
	}
	if d.nRetry == 0 {
		cfg.NRetry = -1
	}
	if d.login != "" {
		var err error
		if cfg.Login, err = parseLogin(d.login); err != nil {
			return cfg, cli.Usagef(command, "-auth: %v", err)
		}
	}
	if cfg.ClientID == "" {
		var b [4]byte
		rand.Read(b[:])
		cfg.ClientID = "sim-" + hex.EncodeToString(b[:])
	}
	if d.will.topic != "" {
		cfg.Will = &client.Will{
			Topic:   d.will.topic,
			Message: []byte(d.will.message),
			QoS:     mqttsn.QoS(d.will.qos),
			Retain:  d.will.retain,
		}
	}
	return cfg, nil
}

// randomMsgID: a persistent session may still hold a message id of last time.
func randomMsgID() mqttsn.MsgID {
	var b [2]byte
	io.ReadFull(rand.Reader, b[:])
	return mqttsn.MsgID(max(binary.BigEndian.Uint16(b[:]), 1))
}

// QoS is a flag.Value, with -1 for the one without a connection.
type QoS mqttsn.QoS

func (q *QoS) String() string { return mqttsn.QoS(*q).String() }

func (q *QoS) Set(s string) error {
	n, err := strconv.Atoi(s)
	switch {
	case err != nil || n < -1 || n > 2:
		return fmt.Errorf("QoS is 0, 1 or 2, or -1 to publish without a connection")
	case n == -1:
		*q = QoS(mqttsn.QoSMinusOne)
	default:
		*q = QoS(n)
	}
	return nil
}
