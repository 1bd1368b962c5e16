package transport

// Datagram is one received datagram. Data is valid only during the Receive
// call that it was given to: the link reads the next batch into the same
// memory.
type Datagram struct {
	From Addr
	// Local says which of the link's own addresses the datagram came to. Pass
	// it back to Send, so that the answer leaves from the address that was
	// asked. 0 lets the kernel choose.
	Local uint16
	Data  []byte
}

// Receiver gets what a link receives: batches, called from the link's own
// goroutine, one call at a time per link. The batch slice itself is the link's
// too and is used again after the call.
type Receiver interface {
	Receive(l Link, batch []Datagram)
}

// Link carries datagrams. Send and Flush are called by one owner at a time
// (callers serialise), possibly from another goroutine than Serve's.
type Link interface {
	// Serve reads until Close and then returns nil. It is called once.
	Serve(r Receiver) error
	// Send copies b into the outgoing batch and sends the batch when it is
	// full. It never blocks for long and never fails: errors are counted.
	Send(to Addr, local uint16, b []byte)
	// Flush sends what Send has gathered.
	Flush()
	// MTU is the largest datagram in octets, both ways.
	MTU() int
	// Name is for logs: "udp 127.0.0.1:1883".
	Name() string
	// Stats is a snapshot of the counters.
	Stats() Stats
	// Close makes Serve return, without waiting for it, so that Receive may
	// call it. It may be called often.
	Close() error
}
