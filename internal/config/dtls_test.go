package config

import (
	"reflect"
	"strings"
	"testing"
)

func TestDTLSProblems(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       []string
	}{
		{"nothing to prove", "[[mqttsn.listener]]\ntype = \"dtls\"\n", []string{
			`t:2: mqttsn.listener.type: a dtls listener needs cert_file and key_file, or psk_file in [auth], or both`,
		}},
		{"not with udp", "[[mqttsn.listener]]\ncert_file = \"a\"\nidle_timeout = \"1h\"\n", []string{
			`t:2: mqttsn.listener.cert_file is for listeners of type "dtls"; this one is "udp"`,
			`t:3: mqttsn.listener.idle_timeout is for listeners of type "dtls"; this one is "udp"`,
		}},
		{"not with dtls", "[[mqttsn.listener]]\ntype = \"dtls\"\ngroups = [\"225.1.1.1:1883\"]\nallow_plain_auth = true\nmax_message = 9000\n[auth]\npsk_file = \"k\"\n", []string{
			`t:3: mqttsn.listener.groups is for listeners of type "udp"; this one is "dtls"`,
			`t:4: mqttsn.listener.allow_plain_auth is not needed here: inside of DTLS nobody else can read a password`,
			`t:5: mqttsn.listener.max_message = 9000: want 16 to 8146`,
		}},
		{"halves", "[[mqttsn.listener]]\ntype = \"dtls\"\nkey_file = \"k\"\nclient_ca_file = \"c\"\n[[mqttsn.listener]]\ntype = \"dtls\"\naddress = \":5684\"\ncert_file = \"a\"\nkey_file = \"b\"\nrequire_client_cert = true\n", []string{
			`t:1: mqttsn.listener.cert_file and key_file go together: files in PEM`,
			`t:4: mqttsn.listener.client_ca_file does nothing without cert_file and key_file`,
			`t:10: mqttsn.listener.require_client_cert does nothing without client_ca_file`,
		}},
		{"ranges", "[[mqttsn.listener]]\ntype = \"dtls\"\nmax_connections = 0\nmax_handshakes = 0\nconnection_rate = -1\nconnect_timeout = \"1ms\"\nidle_timeout = \"1s\"\ncertificate_identity = \"x\"\nclient_ca_file = \"c\"\ncert_file = \"a\"\nkey_file = \"b\"\n", []string{
			`t:3: mqttsn.listener.max_connections = 0: want 1 to 1073741824`,
			`t:4: mqttsn.listener.max_handshakes = 0: want 1 to 100000`,
			`t:5: mqttsn.listener.connection_rate = -1: want 0 to 1000000`,
			`t:6: mqttsn.listener.connect_timeout = "1ms": want "100ms" to "1h"`,
			`t:7: mqttsn.listener.idle_timeout = "1s": want "1m" to "3650d"`,
			`t:8: mqttsn.listener.certificate_identity = "x": want "cn", "san" or "off"`,
		}},
		{"devices", "[[mqttsn.listener]]\nallow_anonymous = true\nallow_plain_auth = true\nclient_ids = [\"\"]\nmax_message_rate = -1\n", []string{
			`t:3: mqttsn.listener.allow_plain_auth does nothing with allow_anonymous = true: devices are let in before they can say who they are`,
			`t:4: mqttsn.listener.client_ids: "": want patterns of 1 to 256 octets, such as "meter-*"`,
			`t:5: mqttsn.listener.max_message_rate = -1: want 0 to 1073741824`,
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parse("t", tc.text)
			if err == nil {
				t.Fatal("nothing is found")
			}
			if got := strings.Split(err.Error(), "\n"); !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
}

// What a dtls listener has if nothing is said, and that allow_plain_auth makes a
// listener ask.
func TestDTLSDefaults(t *testing.T) {
	c, err := Parse("t", "[[mqttsn.listener]]\ntype = \"dtls\"\n[[mqttsn.listener]]\nallow_plain_auth = true\n[auth]\npsk_file = \"k\"\n")
	if err != nil {
		t.Fatal(err)
	}
	secure, plain := &c.MQTTSN.Listeners[0], &c.MQTTSN.Listeners[1]
	if secure.Address[0] != "127.0.0.1:8883" || !secure.AllowAnonymous || !secure.Link().PlainAuth {
		t.Errorf("%+v", secure)
	}
	if plain.AllowAnonymous || !plain.Link().PlainAuth {
		t.Errorf("%+v", plain)
	}
	secure.MaxMessage = 4000
	if got := secure.DTLSLink("a").MTU; got != 4000 {
		t.Errorf("the longest message is %d", got)
	}
}
