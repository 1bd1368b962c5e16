package admin

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"snbroker/internal/tap"
)

// capture writes a trace as pcapng, for Wireshark. What was inside DTLS, TLS,
// WebSocket or a serial line is put into plain IP packets with the client's
// address, between its port and port 1883; a comment says who it was.
type capture struct {
	w     io.Writer
	block []byte
	flows map[string]*flow
	// missing is how many packets did not fit before the next.
	missing uint64
}

// flow counts the octets of a TCP connection, both ways.
type flow struct{ in, out uint32 }

// maxFlows bounds what is remembered of connections; then all begin anew.
const maxFlows = 4096

func newCapture(w io.Writer) *capture { return &capture{w: w, flows: make(map[string]*flow)} }

// Blocks and options of pcapng.
const (
	sectionHeader  = 0x0A0D0D0A
	interfaceBlock = 1
	packetBlock    = 6
	byteOrderMagic = 0x1A2B3C4D
	linkRawIP      = 101

	optionEnd        = 0
	optionComment    = 1
	optionFlags      = 2 // of a packet
	optionResolution = 9 // of an interface

	inbound, outbound = 1, 2
)

var le = binary.LittleEndian

func (c *capture) begin() error {
	c.open(sectionHeader)
	c.block = le.AppendUint32(c.block, byteOrderMagic)
	c.block = append(c.block, 1, 0, 0, 0)          // version 1.0
	c.block = le.AppendUint64(c.block, ^uint64(0)) // of unknown length
	if err := c.close(); err != nil {
		return err
	}
	c.open(interfaceBlock)
	c.block = le.AppendUint32(c.block, linkRawIP)
	c.block = le.AppendUint32(c.block, 0) // no limit of length
	c.option(optionResolution, []byte{9}) // nanoseconds
	c.option(optionEnd, nil)
	return c.close()
}

func (c *capture) packet(p *tap.Packet) error {
	client, server := ends(p)
	from, to := client, server
	if p.Out {
		from, to = server, client
	}
	if p.Protocol == tap.MQTTSN {
		return c.write(p, appendIP(nil, protocolUDP, from, to, appendUDP(nil, from, to, p.Octets)))
	}
	f := c.flows[p.Peer+" "+p.Local]
	if f == nil {
		if len(c.flows) >= maxFlows {
			clear(c.flows)
		}
		f = &flow{1, 1}
		c.flows[p.Peer+" "+p.Local] = f
	}
	for rest := p.Octets; len(rest) > 0; {
		part := rest[:min(len(rest), maxSegment)]
		rest = rest[len(part):]
		seq, ack := &f.in, &f.out
		if p.Out {
			seq, ack = ack, seq
		}
		err := c.write(p, appendIP(nil, protocolTCP, from, to, appendTCP(nil, from, to, *seq, *ack, part)))
		if err != nil {
			return err
		}
		*seq += uint32(len(part))
	}
	return nil
}

// lost is told in the next packet's comment.
func (c *capture) lost(n uint64) error {
	c.missing += n
	return nil
}

func (c *capture) write(p *tap.Packet, ip []byte) error {
	c.open(packetBlock)
	c.block = le.AppendUint32(c.block, 0) // the interface
	at := uint64(p.At.UnixNano())
	c.block = le.AppendUint32(le.AppendUint32(c.block, uint32(at>>32)), uint32(at))
	c.block = le.AppendUint32(le.AppendUint32(c.block, uint32(len(ip))), uint32(len(ip)))
	c.block = append(c.block, ip...)
	c.pad()
	text := comment(p)
	if c.missing > 0 {
		text = fmt.Sprintf("%d packets before this one are missing; %s", c.missing, text)
		c.missing = 0
	}
	c.option(optionComment, []byte(text))
	direction := []byte{inbound, 0, 0, 0}
	if p.Out {
		direction[0] = outbound
	}
	c.option(optionFlags, direction)
	c.option(optionEnd, nil)
	return c.close()
}

// comment says what the packet's headers do not.
func comment(p *tap.Packet) string {
	words := []string{fmt.Sprintf("client=%q", p.ClientID)}
	if p.State != "" {
		words = append(words, "state="+p.State)
	}
	if p.Topic != "" {
		words = append(words, fmt.Sprintf("topic=%q", p.Topic))
	}
	text := strings.Join(append(words, "peer="+p.Peer, "on="+p.Local), " ")
	return strings.ToValidUTF8(text[:min(len(text), 2000)], "")
}

func (c *capture) open(kind uint32) {
	c.block = le.AppendUint32(le.AppendUint32(c.block[:0], kind), 0) // the length follows
}

func (c *capture) pad() {
	for len(c.block)%4 != 0 {
		c.block = append(c.block, 0)
	}
}

func (c *capture) option(code uint16, value []byte) {
	c.block = le.AppendUint16(le.AppendUint16(c.block, code), uint16(len(value)))
	c.block = append(c.block, value...)
	c.pad()
}

// close puts the length before and after the block, and writes it.
func (c *capture) close() error {
	c.block = le.AppendUint32(c.block, uint32(len(c.block)+4))
	le.PutUint32(c.block[4:], uint32(len(c.block)))
	_, err := c.w.Write(c.block)
	return err
}
