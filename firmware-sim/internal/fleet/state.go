package fleet

// State is what a device is doing.
type State uint8

const (
	Off State = iota
	Disconnected
	Connecting
	Active
	Awake
	Asleep
	Connectionless
	States
)

func (s State) String() string {
	return [States]string{"off", "disconnected", "connecting", "active", "awake", "asleep", "without connection"}[s]
}
