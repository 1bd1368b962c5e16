// Package decode is the subcommand that reads datagrams in hex.
package decode

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"snbroker/firmware-sim/internal/cli"
	"snbroker/mqttsn"
)

var Command = cli.Command{
	Name:    "decode",
	Summary: "say what a datagram in hex means",
	Run:     run,
}

const intro = `
Usage: firmware-sim decode [HEX ...]

Decodes an MQTT-SN message, forwarder encapsulation included, into one line.
Spaces, colons, line breaks and a 0x in front do not matter. Without HEX, each
line of stdin is a datagram. The exit code is 1 if one was malformed.

Examples:
  firmware-sim decode 08 04 04 01 00 3C 63 31
  firmware-sim decode 090c200001000268692021
  tshark -r capture.pcap -Y udp.port==1883 -T fields -e udp.payload | firmware-sim decode
`

func run(_ context.Context, env cli.Env, args []string) error {
	f := cli.Flags(env, "decode", intro)
	if err := f.ParseSome(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		return describe(env, strings.Join(f.Args(), ""))
	}
	var failed error
	lines := bufio.NewScanner(env.Stdin)
	lines.Buffer(nil, 4*mqttsn.MaxLength)
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		if err := describe(env, lines.Text()); err != nil {
			if !errors.Is(err, errMalformed) {
				return err
			}
			failed = err
		}
	}
	return errors.Join(lines.Err(), failed)
}

var errMalformed = errors.New("malformed datagram")

func describe(env cli.Env, text string) error {
	b, err := parse(text)
	if err != nil {
		return cli.Usagef("decode", "not hex: %v", err)
	}
	fmt.Fprintln(env.Stdout, mqttsn.Describe(b))
	if !wellFormed(b) {
		return errMalformed
	}
	return nil
}

func parse(text string) ([]byte, error) {
	text = strings.NewReplacer(" ", "", "\t", "", "\n", "", "\r", "", ":", "", ",", "",
		"0x", "", "0X", "").Replace(text)
	return hex.DecodeString(text)
}

func wellFormed(b []byte) bool {
	if t, ok := mqttsn.PeekType(b); ok && t == mqttsn.TypeEncapsulated {
		e, err := mqttsn.DecodeEncapsulated(b)
		if err != nil {
			return false
		}
		b = e.Message
	}
	_, err := new(mqttsn.Decoder).Decode(b)
	return err == nil
}
