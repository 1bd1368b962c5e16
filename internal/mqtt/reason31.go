package mqtt

// connack31 lists what the CONNACK return codes of 3.x mean in 5.0.
var connack31 = [...]ReasonCode{
	0: ReasonSuccess,
	1: ReasonUnsupportedProtocolVersion,
	2: ReasonClientIDNotValid,
	3: ReasonServerUnavailable,
	4: ReasonBadUserNameOrPassword,
	5: ReasonNotAuthorized,
}

// ConnackCode31 returns the CONNACK return code of 3.1 and 3.1.1 closest to c.
// What the client should not simply try again becomes "not authorized", and
// all else "server unavailable". For a CONNECT that is itself wrong no code
// applies: the server closes without CONNACK, [MQTT-3.2.2-6] of 3.1.1.
func ConnackCode31(c ReasonCode) uint8 {
	for code, reason := range connack31 {
		if c == reason {
			return uint8(code)
		}
	}
	switch c {
	case ReasonBanned, ReasonBadAuthenticationMethod, ReasonTopicNameInvalid, ReasonPayloadFormatInvalid,
		ReasonRetainNotSupported, ReasonQoSNotSupported, ReasonPacketTooLarge:
		return 5
	}
	return 3
}

// suback31 returns the SUBACK return code of 3.1.1 for c. 3.1 has no failure
// code, but its clients have been sent 0x80 by everyone else for long.
func suback31(c ReasonCode) ReasonCode {
	if c.IsError() {
		return ReasonUnspecifiedError
	}
	return c
}
