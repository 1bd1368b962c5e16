// Package mqtt is the packet codec for MQTT 3.1, 3.1.1 and 5.0: bytes to
// [Packet] and back, in both directions, without I/O and without state beyond
// the [Decoder].
//
// Every packet on the wire is
//
//	 7 6 5 4   3 2 1 0
//	+--------+---------+
//	|  type  |  flags  |   one byte
//	+--------+---------+
//	| remaining length |   1..4 bytes, seven bits each, low bits first
//	+------------------+
//	| variable header  |   packet id, [5.0] property block, ...
//	+------------------+
//	| payload          |
//	+------------------+
//
// and a property block, which only 5.0 has, is
//
//	+--------+------------+-------+------------+-------+
//	| length | identifier | value | identifier | value | ...
//	+--------+------------+-------+------------+-------+
//
// A reader finds the end of a packet with [PeekFrame], hands exactly those
// bytes to [Decoder.Decode], and gets a packet that aliases them. Writers use
// Packet.AppendTo, or on the hot path [AppendPublish] and [AppendAck], which
// know their size beforehand and do not allocate when capacity suffices.
//
// Where a normative statement is decided, its tag stands beside the line, as
// in [MQTT-1.5.5-1]. The numbers are those of 5.0; "of 3.1.1" is added where a
// statement only exists there.
//
// # Presence of optional properties
//
// A field whose zero is forbidden on the wire, or means the same as absence,
// needs no flag: zero is absent. A []byte is absent when nil and present when
// empty but not nil. The rest have a Has field.
package mqtt
