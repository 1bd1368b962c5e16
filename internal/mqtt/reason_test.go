package mqtt

import (
	"regexp"
	"strings"
	"testing"
)

func TestConnackCode31(t *testing.T) {
	for c, want := range map[ReasonCode]uint8{
		ReasonSuccess: 0, ReasonUnsupportedProtocolVersion: 1, ReasonClientIDNotValid: 2, ReasonServerUnavailable: 3,
		ReasonBadUserNameOrPassword: 4, ReasonNotAuthorized: 5, ReasonBanned: 5, ReasonServerBusy: 3,
		ReasonUseAnotherServer: 3, ReasonConnectionRateExceeded: 3, ReasonQuotaExceeded: 3, ReasonBadAuthenticationMethod: 5,
		ReasonRetainNotSupported: 5, ReasonUnspecifiedError: 3,
	} {
		if got := ConnackCode31(c); got != want {
			t.Errorf("%v: %d, want %d", c, got, want)
		}
	}
	for c := range 256 { // no refusal may look like an acceptance
		if got := ConnackCode31(ReasonCode(c)); got > 5 || got == 0 && c != 0 {
			t.Errorf("%v: %d", ReasonCode(c), got)
		}
	}
}

func TestReasonCodes(t *testing.T) {
	var counts [16][3]int
	names := map[string]bool{}
	for c := range 256 {
		c := ReasonCode(c)
		for pt := TypeConnect; pt <= TypeAuth; pt++ {
			for o := FromEither; o <= FromServer; o++ {
				if c.ValidIn(pt, o) {
					counts[pt][o]++
				}
			}
			if c.ValidIn(pt, FromEither) != (c.ValidIn(pt, FromClient) || c.ValidIn(pt, FromServer)) {
				t.Errorf("%v in %v: the whole is not its parts", c, pt)
			}
			if c.ValidIn(pt, FromEither) && strings.HasPrefix(c.String(), "Reason code") {
				t.Errorf("0x%02x has no name", uint8(c))
			}
		}
		if names[c.String()] {
			t.Errorf("two codes named %v", c)
		}
		names[c.String()] = true
	}
	// The rows of the tables of 5.0.
	for pt, want := range map[PacketType]int{
		TypeConnack: 22, TypePuback: 9, TypePubrec: 9, TypePubrel: 2, TypePubcomp: 2, TypeSuback: 12, TypeUnsuback: 7,
		TypeDisconnect: 30, TypeAuth: 3, TypeConnect: 0, TypePublish: 0,
	} {
		if got := counts[pt][FromEither]; got != want {
			t.Errorf("%v has %d reason codes, want %d", pt, got, want)
		}
	}
	if ReasonProtocolError.String() != "Protocol Error" || ReasonCode(0xfe).String() != "Reason code 0xFE" {
		t.Error("String")
	}
	if ReasonSuccess.ValidIn(99, FromEither) {
		t.Error("packet type out of range")
	}
}

func TestErrors(t *testing.T) {
	label := regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	labels := map[string]bool{}
	texts := map[string]bool{}
	for _, e := range Errors() {
		if !label.MatchString(e.Label()) || labels[e.Label()] {
			t.Errorf("label %q", e.Label())
		}
		if !strings.HasPrefix(e.Error(), "mqtt: ") || texts[e.Error()] {
			t.Errorf("text %q", e.Error())
		}
		labels[e.Label()], texts[e.Error()] = true, true
		// Whoever closes with it must be allowed to say so. Only a server
		// answers a bad version, and with CONNACK.
		if e.Reason == ReasonUnsupportedProtocolVersion {
			if !e.Reason.ValidIn(TypeConnack, FromServer) {
				t.Errorf("%v cannot be sent", e)
			}
		} else if !e.Reason.ValidIn(TypeDisconnect, FromServer) || !e.Reason.ValidIn(TypeDisconnect, FromClient) {
			t.Errorf("%v cannot be sent", e)
		}
	}
	if len(labels) < 40 {
		t.Errorf("%d errors", len(labels))
	}
}

func TestNames(t *testing.T) {
	for got, want := range map[string]string{
		TypeConnect.String(): "CONNECT", TypeAuth.String(): "AUTH", PacketType(0).String(): "RESERVED",
		PacketType(77).String(): "PacketType(77)",
		V31.String():            "3.1", V311.String(): "3.1.1", V5.String(): "5.0", Version(9).String(): "level 9",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
