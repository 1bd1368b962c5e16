package client

import "fmt"

// State is where a device stands. SN §6.14, figure 4, from the device's side.
type State uint8

const (
	StateDisconnected State = iota // zero value: nothing is agreed on
	StateConnecting                // CONNECT is out, or the will dialogue on
	StateActive                    // requests go out, messages come in
	StateAsleep                    // deaf
	StateAwake                     // messages come in until PINGRESP
)

func (s State) String() string {
	switch s {
	case StateDisconnected:
		return "disconnected"
	case StateConnecting:
		return "connecting"
	case StateActive:
		return "active"
	case StateAsleep:
		return "asleep"
	case StateAwake:
		return "awake"
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// listens says whether messages of an established connection are wanted.
func (s State) listens() bool { return s == StateActive || s == StateAwake }
