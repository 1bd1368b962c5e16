package device

import (
	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
)

// hint is what a ReturnCode usually means.
func hint(e *client.ReturnError) string {
	switch e.ReturnCode {
	case mqttsn.ReturnCongestion:
		return "the gateway has no room now; try again in some minutes"
	case mqttsn.ReturnInvalidTopicID:
		return "the gateway does not know the topic id; a predefined one (-T) must be in its configuration"
	}
	if e.Request == mqttsn.TypeConnect {
		return "the gateway does not take this device; it may want another client id (-i) or no anonymous ones. Its log says why"
	}
	return "the gateway does not allow it, or finds the topic malformed; its log says why"
}
