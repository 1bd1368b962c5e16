package framing

// The checksums of the framings, each by a table of 256 steps.

// reflected is the table of the polynomial 8408, least significant bit first:
// CRC-16/X-25 and CRC-16/MCRF4XX.
var reflected = func() (t [256]uint16) {
	for i := range t {
		c := uint16(i)
		for range 8 {
			if c&1 != 0 {
				c = c>>1 ^ 0x8408
			} else {
				c >>= 1
			}
		}
		t[i] = c
	}
	return t
}()

// straight is the table of the polynomial 1021, most significant bit first:
// CRC-16/XMODEM.
var straight = func() (t [256]uint16) {
	for i := range t {
		c := uint16(i) << 8
		for range 8 {
			if c&0x8000 != 0 {
				c = c<<1 ^ 0x1021
			} else {
				c <<= 1
			}
		}
		t[i] = c
	}
	return t
}()

// mcrf4xx goes on with a checksum that begins at mcrf4xxStart.
func mcrf4xx(crc uint16, b []byte) uint16 {
	for _, c := range b {
		crc = crc>>8 ^ reflected[byte(crc)^c]
	}
	return crc
}

const mcrf4xxStart = 0xFFFF

// x25 is the FCS-16 of RFC 1662 §C.2.
func x25(b []byte) uint16 { return ^mcrf4xx(mcrf4xxStart, b) }

func xmodem(b []byte) uint16 { return xmodemOn(0, b) }

// xmodemOn goes on with a checksum.
func xmodemOn(crc uint16, b []byte) uint16 {
	for _, c := range b {
		crc = crc<<8 ^ straight[byte(crc>>8)^c]
	}
	return crc
}

// sum8 is the checksum of XBee's API frames.
func sum8(b []byte) byte {
	var s byte
	for _, c := range b {
		s += c
	}
	return 0xFF - s
}
