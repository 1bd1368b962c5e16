package fleet

import (
	"strings"
	"testing"

	"snbroker/firmware-sim/internal/lines"
	"snbroker/firmware-sim/internal/scenario"
)

// A fleet keeps to what its lines carry, and says what they cannot.
func TestLimit(t *testing.T) {
	s, err := scenario.Load("factory") // which has forwarders
	if err != nil {
		t.Fatal(err)
	}
	f := New(Config{Scenario: s, Gateways: 2}, nil)
	if err := f.limit("a", lines.Limits{MTU: 90, Forwarder: true}); err != nil {
		t.Error(err)
	}
	if got := f.devices[0].config().MaxMessage; got != 90-7 {
		t.Errorf("messages have up to %d octets", got)
	}
	err = f.limit("serial:///dev/x", lines.Limits{MTU: 1000})
	if err == nil || !strings.Contains(err.Error(), "serial:///dev/x: there is one forwarder on this line already") || f.cfg.MTU != 90 {
		t.Error(err, f.cfg.MTU)
	}
}
