package gateway

import (
	"strings"
	"testing"
	"testing/synctest"

	"snbroker/internal/mqtt"
)

// The conversations of SN §6.2 to §6.14 octet by octet. "C" is what the device
// sends, "G" what it hears; a line with "P" has a program publish.
var conversations = map[string]string{
	"will set-up": `
		C 08 04 0C 01 00 3C 63 31
		G 02 06
		C 06 07 30 77 2F 74
		G 02 08
		C 05 09 62 79 65
		G 03 05 00`,
	"will set-up, then delete": `
		C 08 04 0C 01 00 3C 63 31
		G 02 06
		C 06 07 30 77 2F 74
		G 02 08
		C 05 09 62 79 65
		G 03 05 00
		C 02 1A
		G 03 1B 00
		C 05 1C 6e 65 77
		G 03 1D 03`,
	"empty will topic is answered with CONNACK": `
		C 08 04 0C 01 00 3C 63 31
		G 02 06
		C 02 07
		G 03 05 00`,
	"register and publish at QoS 1": `
		C 08 04 04 01 00 3C 63 31
		G 03 05 00
		C 0B 0A 00 00 00 01 61 2F 62 2F 63
		G 07 0B 00 01 00 01 00
		C 0B 0A 00 00 00 01 61 2F 62 2F 63
		G 07 0B 00 01 00 01 00
		C 09 0C 20 00 01 00 02 68 69
		G 07 0D 00 01 00 02 00`,
	"QoS 2, with a PUBCOMP that got lost": `
		C 08 04 04 01 00 3C 63 31
		G 03 05 00
		C 08 0C 51 00 0A 00 03 78
		G 04 0F 00 03
		C 04 10 00 03
		G 04 0E 00 03
		C 04 10 00 03
		G 04 0E 00 03`,
	"wildcard": `
		C 08 04 04 01 00 3C 63 31
		G 03 05 00
		C 08 12 00 00 06 73 2F 23
		G 08 13 00 00 00 00 06 00
		P s/1 x
		G 09 0A 00 01 00 01 73 2F 31
		C 07 0B 00 01 00 01 00
		G 08 0C 00 00 01 00 00 78`,
	"wildcard refused": `
		C 08 04 04 01 00 3C 63 31
		G 03 05 00
		C 08 12 00 00 06 73 2F 23
		G 08 13 00 00 00 00 06 00
		P s/1 x
		G 09 0A 00 01 00 01 73 2F 31
		C 07 0B 00 01 00 01 02
		P s/1 y
		P s/2 z
		G 09 0A 00 02 00 02 73 2F 32`,
	"sleep, nothing buffered": `
		C 08 04 04 01 00 3C 63 31
		G 03 05 00
		C 04 18 01 2C
		G 02 18
		C 04 16 63 31
		G 02 17`,
	"sleep, one QoS 1 message on a new topic": `
		C 08 04 04 01 00 3C 63 31
		G 03 05 00
		C 08 12 20 00 06 73 2F 23
		G 08 13 20 00 00 00 06 00
		C 04 18 01 2C
		G 02 18
		P s/1 x
		C 04 16 63 31
		G 09 0A 00 01 00 01 73 2F 31
		C 07 0B 00 01 00 01 00
		G 08 0C 20 00 01 00 01 78
		C 07 0D 00 01 00 01 00
		G 02 17`,
	"forwarder": `
		C 0B FE 01 02 00 5E 10 00 00 00 01 08 04 04 01 00 3C 63 31
		G 0B FE 00 02 00 5E 10 00 00 00 01 03 05 00`,
	"search for a gateway": `
		C 03 01 00
		G 03 02 01`,
	"long form": `
		C 01 00 0A 04 04 01 00 3C 63 31
		G 03 05 00`,
	"errors of CONNECT": `
		C 06 04 04 01 00 3C
		G 03 05 03
		C 08 04 04 02 00 3C 63 31
		G 03 05 03`,
	"errors of PUBLISH": `
		C 08 04 04 01 00 3C 63 31
		G 03 05 00
		C 09 0C 00 00 63 00 00 68 69
		G 07 0D 00 63 00 00 02
		C 09 0C 20 00 63 00 02 68 69
		G 07 0D 00 63 00 02 02
		C 09 0C 40 00 63 00 02 68 69
		G 07 0D 00 63 00 02 02
		C 08 0C 21 00 63 00 02 68
		G 07 0D 00 63 00 02 02
		C 08 0C 61 00 63 00 00 68
		C 07 0C 23 00 01 00 07
		G 07 0D 00 01 00 07 03
		C 07 0C 03 00 01 00 00
		C 08 0C 22 61 23 00 02 68
		G 07 0D 61 23 00 02 03`,
	"errors of SUBSCRIBE": `
		C 08 04 04 01 00 3C 63 31
		G 03 05 00
		C 07 12 60 00 05 61 62
		G 08 13 00 00 00 00 05 03
		C 05 12 20 00 05
		G 08 13 00 00 00 00 05 03
		C 08 12 00 00 05 61 23 62
		G 08 13 00 00 00 00 05 03
		C 07 12 21 00 07 00 63
		G 08 13 00 00 00 00 07 02
		C 07 12 22 00 07 61 2B
		G 08 13 00 00 00 00 07 03`,
	"errors of REGISTER": `
		C 08 04 04 01 00 3C 63 31
		G 03 05 00
		C 07 0A 00 00 00 01 23
		G 07 0B 00 00 00 01 03
		C 06 0A 00 00 00 01
		G 07 0B 00 00 00 01 03
		C 08 0A 00 00 00 01 61 00
		G 07 0B 00 00 00 01 03`,
	"UNSUBSCRIBE is always answered": `
		C 08 04 04 01 00 3C 63 31
		G 03 05 00
		C 08 14 00 00 09 61 2F 62
		G 04 15 00 09
		C 07 14 01 00 0A 00 0A
		G 04 15 00 0A
		C 07 14 02 00 0B 74 74
		G 04 15 00 0B
		C 07 14 01 00 0A 00 63
		G 04 15 00 0A`,
	"subscribed by predefined id and short name": `
		C 08 04 04 01 00 3C 63 31
		G 03 05 00
		C 07 12 41 00 07 00 0A
		G 08 13 40 00 0A 00 07 00
		C 07 12 22 00 08 74 74
		G 08 13 20 00 00 00 08 00
		P pre/ten x
		G 08 0C 01 00 0A 00 00 78
		P tt x
		G 08 0C 02 74 74 00 00 78`,
	"a CONNECT that came twice is answered twice": `
		C 08 04 00 01 00 3C 63 31
		G 03 05 00
		C 08 04 00 01 00 3C 63 31
		G 03 05 00`,
	"disconnect is answered again if the answer got lost": `
		C 08 04 04 01 00 3C 63 31
		G 03 05 00
		C 02 18
		G 02 18
		C 02 18
		G 02 18`,
}

func TestConversations(t *testing.T) {
	for name, script := range conversations {
		t.Run(name, func(t *testing.T) {
			play(t, nil, func(w *world) {
				d := w.device("10.0.0.2:4000")
				for line := range strings.Lines(strings.TrimSpace(script)) {
					who, what, _ := strings.Cut(strings.TrimSpace(line), " ")
					t.Log(who, what)
					switch who {
					case "C":
						d.sendHex(what)
					case "G":
						d.expectHex(what)
					case "P":
						topic, payload, _ := strings.Cut(what, " ")
						qos := mqtt.QoS0
						if strings.Contains(script, "07 0D 00 01 00 01 00") {
							qos = mqtt.QoS1
						}
						w.publish(topic, payload, qos, false)
					}
				}
				synctest.Wait()
				d.expectSilence(moment)
			})
		})
	}
}
