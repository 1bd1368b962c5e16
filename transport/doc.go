// Package transport is the contract between the gateway and whatever carries
// datagrams: UDP, DTLS, a serial radio, or memory.
//
// It is the first of the six steps, Receive, and the end of the last, Deliver.
// A link knows addresses and octets; it knows nothing of MQTT-SN.
//
// Who calls what:
//
//	Serve            one goroutine, which is also the one that calls Receive
//	Receive          from Serve's goroutine, one call at a time per link
//	Send, Flush      one owner at a time; callers serialise
//	Stats, MTU, Name anyone, any time
//	Close            anyone, any time, also from inside Receive
//
// transport/transporttest holds the tests that every link passes.
package transport
