//go:build unix

package dtls

import (
	"net/netip"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"
)

// rounds is how often the two servers take turns. What else the machine does
// disturbs some rounds, and a datagram that is lost costs one of them a second;
// the median is of neither.
const rounds = 21

// versus has both servers do the same b.N operations, by turns, and reports the
// medians of the link's time and the processor's for one operation, clients
// included, and of what that is to the bare server's of the same round. -benchtime
// is for the link's turns.
func versus(b *testing.B, bare, link netip.AddrPort, do func(to netip.AddrPort, n int)) {
	var wall, processor, wallRatio, processorRatio []float64
	turns := min(b.N, rounds)
	b.ResetTimer()
	b.StopTimer()
	for i := range turns {
		n := b.N*(i+1)/turns - b.N*i/turns
		var bareWall, bareProcessor, linkWall, linkProcessor float64
		for j := range 2 {
			runtime.GC()      // nobody pays for another's garbage
			if (i+j)%2 == 0 { // whoever is first may have it easier
				bareWall, bareProcessor = measure(n, func() { do(bare, n) })
			} else {
				b.StartTimer()
				linkWall, linkProcessor = measure(n, func() { do(link, n) })
				b.StopTimer()
			}
		}
		wall = append(wall, linkWall)
		processor = append(processor, linkProcessor)
		wallRatio = append(wallRatio, linkWall/bareWall)
		processorRatio = append(processorRatio, linkProcessor/bareProcessor)
	}
	b.ReportMetric(median(wall), "ns/op")
	b.ReportMetric(median(processor), "cpu-ns/op")
	b.ReportMetric(median(wallRatio), "wall/bare")
	b.ReportMetric(median(processorRatio), "cpu/bare")
}

// measure tells how long one of n operations takes in nanoseconds: on the clock,
// and of the processor.
func measure(n int, f func()) (wall, processor float64) {
	spentBefore, began := spent(), time.Now()
	f()
	wall, processor = float64(time.Since(began)), float64(spent()-spentBefore)
	return wall / float64(n), processor / float64(n)
}

func spent() time.Duration {
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r) // fails for other arguments only
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}
