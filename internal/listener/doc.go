// Package listener brings MQTT clients to the broker: it accepts connections,
// turns their octets into packets, and writes what the broker has for them.
//
// A connection has one goroutine, its reader, which holds a buffer only while
// there is something in it. Whoever has something for the client writes it:
// the reader its acknowledgements, a publisher's turn the deliveries, as far
// as the socket takes them at once. What it does not take is left to a
// goroutine that lives until it is written, so that nobody waits for a slow
// client.
//
// What comes before MQTT is an arrival's: the PROXY header, the TLS handshake,
// the HTTP request that becomes a WebSocket. Its goroutine ends when the client
// can be heard; a connection with layers is a net.Conn like any other then, but
// for its Wait, which needs no buffer to wait for the client. It is written to by
// a goroutine of its own each time, since it cannot tell what its socket takes at
// once.
package listener
