// Package mapping turns MQTT-SN topic ids into topic names and back: the ids a
// device registered, predefined ids, and short names. It is pure data: no I/O,
// no locks; an owner uses it from one goroutine.
package mapping
