package fleet

import (
	"strings"
	"testing"

	"snbroker/firmware-sim/internal/scenario"
	"snbroker/firmware-sim/internal/truth"
	"snbroker/mqttsn"
)

const faultScenario = `
about = "A few devices of each kind, on perfect radios."
devices = 12
duration = "2m"
ramp = "1s"
drain = "2m"

[[population]]
name = "plain"
behaviour = "sensor"
interval = "5s"

[[population]]
name = "exact"
behaviour = "sensor"
qos = 2
interval = "5s"

[[population]]
name = "sleepy"
behaviour = "sensor"
interval = "0s"
sleep.time = "20s"
sleep.wake = "15s"
command = { topic = "sleepy/{id}", qos = 1, interval = "5s" }
will.topic = "wills/{id}"

[[population]]
name = "mortal"
behaviour = "actuator"
keep_alive = "10s"
command.interval = "7s"
power = { loss = "40s", off = "1m" }
`

// play plays the scenario against a gateway that tamper makes faulty.
func play(t *testing.T, text string, seed uint64, tamper func(g *Virtual, id string, m mqttsn.Message) bool) *Fleet {
	t.Helper()
	s, err := scenario.Parse("test.toml", text)
	if err != nil {
		t.Fatal(err)
	}
	var v *Virtual
	v = NewVirtual(Config{Scenario: s, Seed: seed, Run: "test"}, func(id string, m mqttsn.Message) bool {
		return tamper != nil && tamper(v, id, m)
	})
	if err := v.Play(t.Context(), func(*Fleet) {}); err != nil {
		t.Fatal(err)
	}
	return v.Fleet
}

// A gateway that keeps to the rules breaks none.
func TestTruthfulGateway(t *testing.T) {
	f := play(t, faultScenario, 1, nil)
	for _, v := range f.Ledger().Found() {
		t.Error(v)
	}
	for _, p := range f.Populations() {
		if p.Up.Sent+p.Down.Sent < 20 || p.Up.Arrived != p.Up.Sent {
			t.Errorf("%s: %+v %+v", p.Name, p.Up, p.Down)
		}
		if p.Name == "mortal" && (p.Wills.Due == 0 || p.Wills.Fired < p.Wills.Due) {
			t.Errorf("%+v", p.Wills)
		}
	}
}

// Each fault is found, with the device, the message and the rule.
func TestFaultsAreFound(t *testing.T) {
	count := make(map[string]int)
	nth := func(what string, n int) bool { // the nth call and all that follow
		count[what]++
		return count[what] >= n
	}
	for _, c := range []struct {
		name   string
		tamper func(v *Virtual, id string, m mqttsn.Message) bool
		rule   truth.Rule
		want   string // the beginning of one of the messages
	}{
		{"a PUBACK is dropped, and all that repeat it", func(_ *Virtual, id string, m mqttsn.Message) bool {
			_, ok := m.(*mqttsn.PubAck)
			return ok && id == "plain-00001" && nth("puback", 3)
		}, truth.Answered, "plain-00001, message 3 on sensors/plain-00001: PUBLISH was sent 4 times over 40s, and never answered (every request answered, "},
		{"a QoS 2 message is published twice", func(v *Virtual, id string, m mqttsn.Message) bool {
			if _, ok := m.(*mqttsn.PubRec); ok && id == "exact-00002" && count["pubrec"] < 4 && nth("pubrec", 4) {
				v.Gateway.ForgetReceived(id)
				return true
			}
			return false
		}, truth.AtMostOnce, "exact-00002, message 4 on sensors/exact-00002: QoS 2, sent once at "},
		{"a sleeper is forgotten", func(v *Virtual, id string, m mqttsn.Message) bool {
			if _, ok := m.(*mqttsn.PingResp); ok && id == "sleepy-00000" && count["forget"] < 2 && nth("forget", 2) {
				v.Gateway.Forget(id)
			}
			return false
		}, truth.Remembered, "sleepy-00000: the gateway ended the connection of a device that was awake, 15s after its last answer, of 20s that were agreed on (session remembered, "},
		{"what is kept for a sleeper is lost", func(v *Virtual, id string, m mqttsn.Message) bool {
			if p, ok := m.(*mqttsn.Publish); ok && id == "sleepy-00001" && !p.Dup && count["lose"] < 3 && nth("lose", 3) {
				v.Gateway.ForgetQueue(id)
				return true
			}
			return false
		}, truth.AtLeastOnce, "sleepy-00001, message 3 on sleepy/sleepy-00001: QoS 1, sent at "},
		{"a will is lost", func(v *Virtual, id string, m mqttsn.Message) bool {
			if strings.HasPrefix(id, "mortal") {
				v.Gateway.ForgetWill(id)
			}
			return false
		}, truth.WillDue, "mortal-0000"},
		{"a will is published of a device that is well", func(v *Virtual, id string, m mqttsn.Message) bool {
			if _, ok := m.(*mqttsn.PingResp); ok && id == "sleepy-00002" && count["will"] < 3 && nth("will", 3) {
				v.Gateway.Lose(id)
			}
			return false
		}, truth.WillUndue, "sleepy-00002 on wills/sleepy-00002: its will was published, though it was heard at "},
		{"the retained message is an old one", func(v *Virtual, id string, m mqttsn.Message) bool {
			if _, ok := m.(*mqttsn.Disconnect); !ok || id != "mortal-00001" {
				v.Gateway.Retain("actuators/mortal-00001/state", []byte("old"))
			}
			return false
		}, truth.Retained, `mortal-00001 on actuators/mortal-00001/state: a new subscriber got "old", which is not the last one retained (retained, `},
		{"a message comes out of nothing", func(v *Virtual, id string, m mqttsn.Message) bool {
			if id == "plain-00000" && count["phantom"] < 9 && nth("phantom", 9) {
				v.Gateway.Publish("sensors/plain-00000", []byte("who am I?"), 1)
			}
			return false
		}, truth.OnlySent, `plain-00000 on sensors/plain-00000: "who am I?" arrived, which was not sent, or long ago (only what was sent, `},
	} {
		t.Run(c.name, func(t *testing.T) {
			clear(count)
			f := play(t, faultScenario, 1, c.tamper)
			var all []string
			found := false
			for _, v := range f.Ledger().Found() {
				all = append(all, v.String())
				found = found || v.Rule == c.rule && strings.HasPrefix(v.String(), c.want)
			}
			if !found {
				t.Errorf("want %q, have %d:\n%s", c.want, len(all), strings.Join(all, "\n"))
			}
			if len(all) == 0 || f.Ledger().Broken() == 0 {
				t.Error("no failure")
			}
		})
	}
}
