package migrate

import (
	"fmt"
	"net"
	"slices"
	"strings"
)

// paho reads the files of Paho's MQTT-SN gateway.
type paho struct {
	*settings
	used bool

	values map[string]source // of gateway.conf, by their keys
	ids    []string          // ClientIDs of clients.conf
	idsAt  source
}

// isPaho tells by a line that only its gateway.conf has.
func isPaho(text string) bool {
	for _, at := range lines("", text) {
		if key, _, ok := strings.Cut(at.text, "="); ok && !strings.ContainsAny(key, " \t") {
			return true
		}
	}
	return false
}

// pahoLeft says why settings are not taken over.
var pahoLeft = map[string]string{
	"BrokerName":           "the gateway and the broker are one here: programs connect to it",
	"BrokerPortNo":         "the gateway and the broker are one here: programs connect to it",
	"BrokerSecurePortNo":   "the gateway and the broker are one here: programs connect to it",
	"RootCAfile":           "there is no connection to a broker",
	"RootCApath":           "there is no connection to a broker",
	"CertsFile":            "there is no connection to a broker",
	"PrivateKey":           "there is no connection to a broker",
	"LoginID":              "there is no connection to a broker",
	"Password":             "there is no connection to a broker",
	"KeepAlive":            "there is no connection to a broker",
	"AggregatingGateway":   "devices are always served together",
	"Forwarder":            "forwarders are always served",
	"PredefinedTopic":      "import the file with its topics as well",
	"PredefinedTopicList":  "import this file as well",
	"ClientsList":          "import this file as well",
	"ClientAuthentication": "import clients.conf as well: its ClientIDs become client_ids",
	"GatewayName":          "the gateway has a number alone",
	"MulticastTTL":         "answers go to devices' own addresses",
	"GatewayUDP6Hops":      "answers go to devices' own addresses",
	"MaxNumberOfClients":   "max_devices in [limits] is far higher",
	"ShearedMemory":        "the log goes to the standard error output",
	"Baudrate":             "see SerialDevice",
	"ApiMode":              "see SerialDevice",
}

// pahoUsed are taken over together, by finish.
var pahoUsed = []string{"GatewayPortNo", "GatewayUDP6Port", "GatewayUDP6Bind", "GatewayUDP6If", "GatewayUDP6Broadcast", "MulticastPortNo", "MulticastIP", "SerialDevice"}

func (p *paho) gateway(file, text string) {
	p.used = true
	if p.values == nil {
		p.values = make(map[string]source)
	}
	for _, at := range lines(file, text) {
		key, value, ok := strings.Cut(at.text, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		n, small := number(value, 0, 255)
		switch {
		case !ok:
			p.leave(at, "it is not of the form KEY=VALUE")
		case slices.Contains(pahoUsed, key):
			p.values[key] = source{at.file, at.line, value}
		case key == "GatewayID" && small:
			p.table("mqttsn").set("gateway_id", fmt.Sprint(n), at)
		case key == "QoS-1":
			p.values[key] = source{at.file, at.line, value}
		case pahoLeft[key] != "":
			p.leave(at, pahoLeft[key])
		default:
			p.leave(at, "there is no such setting here")
		}
	}
}

// predefined reads lines "ClientID, topic, id"; "*" is every device.
func (p *paho) predefined(file, text string) {
	p.used = true
	for _, at := range lines(file, text) {
		words := strings.Split(at.text, ",")
		if len(words) != 3 {
			p.leave(at, "it is not of the form ClientID, topic, id")
			continue
		}
		client, topic := strings.TrimSpace(words[0]), strings.TrimSpace(words[1])
		id, ok := number(strings.TrimSpace(words[2]), 1, 65534)
		switch {
		case !ok:
			p.leave(at, "a topic id is a number from 1 to 65534")
		case topic == "" || strings.ContainsAny(topic, "+#"):
			p.leave(at, "it is no topic name")
		case client == "*":
			p.table("mqttsn.predefined").set(fmt.Sprint(id), quote(topic), at)
		default:
			p.table("mqttsn.client."+quote(client)+".predefined").set(fmt.Sprint(id), quote(topic), at)
		}
	}
}

// clients reads lines "ClientID, address, options".
func (p *paho) clients(file, text string) {
	p.used = true
	for _, at := range lines(file, text) {
		client, rest, _ := strings.Cut(at.text, ",")
		if client = strings.TrimSpace(client); client == "" || strings.Contains(rest, "forwarder") {
			continue // forwarders have no ClientID that connects
		}
		if !slices.Contains(p.ids, client) {
			p.ids, p.idsAt = append(p.ids, client), at
		}
	}
}

// finish makes the listener, of all that is known of it.
func (p *paho) finish() {
	if !p.used {
		return
	}
	if line, ok := p.values["SerialDevice"]; ok {
		p.leave(source{line.file, line.line, "SerialDevice=" + line.text},
			`if the gateway was built for XBee: a [[mqttsn.listener]] with type = "serial", framing = "xbee" and this device; see docs/devices.md`)
	}
	t := p.listener("mqttsn.listener")
	var addresses []string
	var from source
	for _, key := range []string{"GatewayPortNo", "GatewayUDP6Port"} {
		at, ok := p.values[key]
		if port, good := number(at.text, 1, 65535); ok && good {
			if a := fmt.Sprintf(":%d", port); !slices.Contains(addresses, a) {
				addresses = append(addresses, a)
			}
			from = at
		}
	}
	if len(addresses) == 0 {
		addresses, from = []string{":10000"}, source{"gateway.conf", 0, ""}
	}
	t.set("address", quoteAll(addresses), from)
	t.set("allow_anonymous", "true", from)
	p.groups(t)
	if at, ok := p.values["QoS-1"]; ok && strings.EqualFold(at.text, "NO") {
		t.set("qos_minus_one", "false", at)
	}
	if len(p.ids) > 0 {
		t.set("client_ids", quoteAll(p.ids), p.idsAt)
	}
	p.left = append(p.left, "programs connect on this machine alone, as nothing says otherwise: see [[mqtt.listener]] in docs/configuration.md")
}

// groups are where devices look for the gateway.
func (p *paho) groups(t *table) {
	var groups []string
	var from source
	for _, way := range []struct{ ip, port string }{{"MulticastIP", "MulticastPortNo"}, {"GatewayUDP6Broadcast", "GatewayUDP6Port"}} {
		ip, ok := p.values[way.ip]
		port, good := number(p.values[way.port].text, 1, 65535)
		if ok && good && net.ParseIP(ip.text) != nil {
			groups, from = append(groups, net.JoinHostPort(ip.text, fmt.Sprint(port))), ip
		}
	}
	if len(groups) > 0 {
		t.set("groups", quoteAll(groups), from)
	}
	if at, ok := p.values["GatewayUDP6If"]; ok && len(groups) > 0 && at.text != "" {
		t.set("group_interfaces", quoteAll([]string{at.text}), at)
	}
}
