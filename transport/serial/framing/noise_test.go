package framing

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// One octet of a hundred is wrong, one frame of ten is cut short. No framing with
// a CRC hands over what was not sent; sums of 8 bits, which miss one damaged frame
// of 256, next to nothing. Behind all damage the second frame is whole.
func TestNoise(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			p := pairOf(t, name, 0, false)
			if !p.gateway.Checked {
				t.Log("has no checksum: damage is not found") // and is not asked for
				return
			}
			rnd := rand.New(rand.NewPCG(7, 7))
			sent, wrong, whole := make(map[string]bool), 0, 0
			take := func(octets []byte) (last string) {
				for _, m := range messages(feed(t, p.gateway, octets, 1+rnd.IntN(50))) {
					if last = m; sent[m] {
						whole++
					} else {
						wrong++
					}
				}
				return last
			}
			const rounds = 5000
			for i := range rounds {
				m := publish(12 + rnd.IntN(40))
				m[5], m[6] = byte(i>>8), byte(i)
				sent[string(p.wrapped(m))] = true
				frame := p.up(t, m)
				damaged := slices.Clone(frame)
				for j := range damaged {
					if rnd.IntN(100) == 0 {
						damaged[j] = byte(rnd.Uint32())
					}
				}
				if rnd.IntN(10) == 0 {
					damaged = damaged[:rnd.IntN(len(damaged))]
				}
				take(damaged)
				if i%10 == 0 {
					take(frame)
					if last := take(frame); last != string(p.wrapped(m)) {
						t.Fatalf("round %d: the second whole frame was not found", i)
					}
				}
			}
			most := 0
			if name == "xbee" || name == "loralink" {
				most = rounds / 200
			}
			if wrong > most || whole < rounds/2 {
				t.Errorf("%d wrong messages, %d whole ones", wrong, whole)
			}
		})
	}
}
