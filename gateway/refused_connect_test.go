package gateway

import (
	"testing"
	"testing/synctest"
	"time"

	"snbroker/internal/mqtt"
	"snbroker/mqttsn"
	"snbroker/transport"
)

// binding keeps a ClientID for one identity.
type binding struct{ Backend }

func (binding) MayConnect(who any, clientID string) mqtt.ReasonCode {
	if clientID == "c1" && who != "owner" {
		return mqtt.ReasonClientIDNotValid
	}
	return mqtt.ReasonSuccess
}

func (b binding) Connect(o ConnectRequest, client Client, token Token) (Conn, mqtt.ReasonCode, bool) {
	if reason := b.MayConnect(o.Identity, o.ClientID); reason != mqtt.ReasonSuccess {
		return nil, reason, true
	}
	return b.Backend.Connect(o, client, token)
}

// Whoever may not have a ClientID does nothing to the device that has it.
func TestRefusedConnectTakesNothingOver(t *testing.T) {
	play(t, func(_ *Config, o *LinkOptions) {
		o.Identify = func(a transport.Addr) any {
			if a.IP.Port() == 4000 {
				return "owner"
			}
			return "other"
		}
	}, func(w *world) {
		w.gateway.backend = binding{w.gateway.backend}
		p := w.program("watch", "will")
		d := w.device("10.0.0.2:4000")
		d.connectWithWill("c1", true, 600, "will", "gone")
		other := w.device("10.0.0.3:4001")
		for _, will := range []bool{false, true} {
			other.send(&mqttsn.Connect{ProtocolID: 1, CleanSession: true, Will: will, Duration: 60, ClientID: []byte("c1")})
			if will {
				other.send(&mqttsn.WillTopic{WillTopic: []byte("x")})
				other.send(&mqttsn.WillMsg{})
			}
			synctest.Wait()
			other.hear(time.Second)
		}
		p.expect()
		d.send(&mqttsn.PingReq{})
		d.expect(&mqttsn.PingResp{})
	})
}
