// Package framing cuts the octets of a serial line into messages, and makes
// octets of messages. It does no I/O and knows no time.
//
// A line has no borders: a UART delivers octets, late, early, damaged or never.
// What devices do about it differs; here is what they are known to do:
//
//	name       on the wire                                  checked by     resynchronises at
//	hdlc       7E esc(M, FCS) 7E                            CRC-16/X-25    any 7E
//	raw        M                                            nothing        length, silence
//	slip       C0 esc(M) C0                                 nothing        any C0
//	slip-crc   C0 esc(M, CRC) C0                            CRC-16/XMODEM  any C0
//	cobs       COBS(M, CRC) 00                              CRC-16/X-25    any 00
//	xbee       7E length, API frame with M, sum             sum of 8 bits  7E; length, silence
//	radiohead  10 02 to from id flags M 10 03 FCS           CRC-16         10 02
//	loralink   7E length, address, quality, type, M, sum    sum of 8 bits  7E
//	aquila     C0 esc(quality, forwarder's header, M, CRC)  CRC-16/XMODEM  any C0
//	slip-ip    C0 esc(IP, UDP, M) C0                        UDP's sum      any C0
//
// M is an MQTT-SN message, alone or behind a forwarder's header (SN §5.5), which
// is the gateway's to understand. Framings without a check of their own look at
// the message's header, because nothing else tells a message from noise.
//
// A Framing has two halves: the Encoder, for whoever writes, and the Decoder,
// for whoever reads. Each is for one goroutine at a time, and they may be two.
package framing
