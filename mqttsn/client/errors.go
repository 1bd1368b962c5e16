package client

import (
	"errors"
	"fmt"
	"time"

	"snbroker/mqttsn"
)

// What Conn's methods return, possibly wrapped.
var (
	// ErrGatewayDisconnected: the gateway ended the connection, or does not
	// know of it any more. Dial again.
	ErrGatewayDisconnected = errors.New("the gateway ended the connection")

	// ErrClosed: Close came first.
	ErrClosed = errors.New("the connection is closed")

	// ErrAwakeCutShort: the gateway did not end the awake period, so there
	// may be more. The device is asleep again.
	ErrAwakeCutShort = errors.New("the gateway did not end the awake period")

	// ErrUncertain: see Published.
	ErrUncertain = errors.New("the outcome is not known")
)

// NoAnswerError is a request that was repeated in vain.
type NoAnswerError struct {
	Request mqttsn.MsgType
	Tries   int
	Waited  time.Duration
}

func (e *NoAnswerError) Error() string {
	return fmt.Sprintf("no answer to %v %s", e.Request, e.Effort())
}

// Effort is part of a sentence, such as "after 4 tries over 40s".
func (e *NoAnswerError) Effort() string {
	tries, unit := "tries", 100*time.Millisecond
	if e.Tries == 1 {
		tries = "try"
	}
	if e.Waited < time.Second {
		unit = time.Millisecond
	}
	return fmt.Sprintf("after %d %s over %v", e.Tries, tries, e.Waited.Round(unit))
}

// ReturnError is a request that the gateway refused.
type ReturnError struct {
	Request    mqttsn.MsgType
	ReturnCode mqttsn.ReturnCode
}

func (e *ReturnError) Error() string {
	return fmt.Sprintf("%v refused: %v", e.Request, e.ReturnCode)
}

func returnError(request mqttsn.MsgType, rc mqttsn.ReturnCode) error {
	if rc == mqttsn.ReturnAccepted {
		return nil
	}
	return &ReturnError{request, rc}
}
