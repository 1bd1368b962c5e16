package listener

// waiter is a connection with layers over its socket. Wait returns once there
// is something to read, and needs no buffer until then.
type waiter interface{ Wait() error }

// patient is one that cannot be read from any more after a deadline. It asks
// whether the deadline was moved instead.
type patient interface{ setPatience(func() bool) }
