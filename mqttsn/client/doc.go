// Package client is the device's side of MQTT-SN 1.2.
//
// # Two layers
//
// A [Client] is one device without a socket, a clock or a goroutine. Its owner
// hands it the datagrams that arrive and the time, and gets back datagrams to
// send and events to act on. Many thousands fit in one process.
//
//	            methods, now                  Output.Send
//	owner  ─────────────────────▶  Client  ──────────────▶  gateway
//	       ◀─────────────────────          ◀──────────────
//	            Output.Handle                  Receive
//
// The owner keeps one promise: it calls Advance when the time that Next gave
// has come. Everything else follows from that.
//
// A [Conn] is a Client on a socket for a program that wants to call and wait.
// [Dial] makes one.
//
// # What a well-behaved device does
//
// It has one request outstanding at a time, in the order asked for. A request
// without its answer is repeated every TRetry, NRetry times, a PUBLISH with
// DUP set; then the device takes itself for disconnected. SN §6.13
//
//	state         meaning                          leaves it by
//	Disconnected  nothing is agreed on             Connect
//	Connecting    CONNECT or the will dialogue     CONNACK
//	Active        requests go out                  Sleep, Disconnect, DISCONNECT
//	Asleep        deaf; requests are kept          Wake, Connect, Disconnect
//	Awake         takes what was kept for it       PINGRESP
//
// A name is registered before its first PUBLISH, and again if the gateway has
// forgotten it. What is queued outlives a connection: it goes out after the
// next Connect, an unfinished QoS 2 exchange from where it stood.
//
// Nothing here finds a gateway: a device that is told an address needs none of
// ADVERTISE, SEARCHGW and GWINFO, and these are ignored.
package client
