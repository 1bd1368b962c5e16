package mqttsn

import (
	"errors"
	"fmt"
)

// Why AppendBinary or AppendEncapsulation refused. Unlike a decode Error
// this is a fault of the program, not of a peer, so it may cost an allocation
// and comes wrapped with the type and field at fault.
var (
	ErrTooLong = errors.New("longer than MaxLength")
	ErrField   = errors.New("value not allowed on the wire")
)

func badField(t MsgType, field string) error {
	return fmt.Errorf("mqttsn: %v: %s: %w", t, field, ErrField)
}
