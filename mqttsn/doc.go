// Package mqttsn turns octets into MQTT-SN 1.2 messages and back.
//
// It does no I/O and keeps no protocol state: whether a message is welcome
// now, from this peer, in this direction, is for its caller to say.
//
// # Wire layout
//
// Every integer is unsigned and big-endian. A message is a header and a
// body; Length counts the whole message, itself included. SN §5.2
//
//	short  0        1        2 ...            total 2 ... 255
//	      +--------+--------+------
//	      | Length | MsgType| body
//	      +--------+--------+------
//
//	long   0        1        2        3        4 ...   total 4 ... 65535
//	      +--------+--------+--------+--------+------
//	      |  0x01  |      Length     | MsgType| body
//	      +--------+--------+--------+--------+------
//
// Both forms are read at any size; the shorter one that fits is written.
// Going from short to long costs two octets, so a body of 253 makes a message
// of 255 and a body of 254 one of 258.
//
// A forwarder puts a header of its own in front of a whole message; there,
// and only there, Length is not the length of the datagram. See
// [DecodeEncapsulated].
//
// # Strict and lenient
//
// Decode refuses what cannot be taken apart: wrong lengths, reserved types,
// a body without its fixed part, octets after the last field. It lets pass
// what can be taken apart but not accepted (an empty ClientID, ProtocolID 2,
// QoS 3 in a SUBSCRIBE, a reserved TopicIDType), because a client that sends
// such a thing is owed a ReturnCode, and only a decoded message can be
// answered. AppendBinary is strict: it does not write those, the ProtocolID
// excepted. What is inside a name, UTF-8 or wildcards, is no matter of either.
//
// # Adding a message type
//
//  1. msgtype.go: its MsgType constant and its name.
//  2. The file of its family, or a new one: the struct, its layout in the
//     comment, and Type, AppendBinary and decode. decode sets every field (the
//     struct is reused) and says what becomes of extra octets.
//  3. decoder.go: a field in Decoder and a line in slots.
//  4. trace.go: its String.
//  5. testdata/: a valid vector in short form, and a refused one for each
//     length that is wrong. The tests fail until every type has a vector.
package mqttsn
