// Package serial carries datagrams over serial lines: UARTs, USB adapters, radio
// modems, and servers that offer such a line over TCP.
//
// A line is one peer, with the empty address, unless its framing has addresses of
// its own (package framing); then each of them is a peer, its address in
// transport.Addr.Node. Nodes behind a forwarder (SN §5.5) are the gateway's.
//
// # Who does what
//
//	Serve's goroutine   opens the line, reads, decodes, opens it again
//	the writer          one goroutine from Open to Close; the only one that
//	                    writes, because a write takes as long as the line does
//	Send, Flush         encode, and put into the writer's queue
//
// The queue is bounded (Config.queueSize): what finds no room is dropped and
// counted in SendDrops, and so is what is sent while the line is away. A device
// asks again.
//
// # When the line goes away
//
// An adapter is unplugged, a server restarts, a device appears only later: the
// Link stays the same Link, so that the gateway's sessions stay, and the line is
// opened again, at first after reopenLeast, then less and less often. An Opener does
// that, for programs with a decoder of their own, too.
//
// # Ports
//
// Devices are opened with github.com/tarm/serial. What it lacks is done beside it
// on Linux through a second descriptor (control): any baud rate, RTS/CTS, DTR,
// RS-485, a lock. Its traps are kept in device: an end of file that is a timeout
// or a hang-up, a Close that waits for Read and Write.
package serial
