package lines

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"strconv"
)

// overrun is how many datagrams the kernel has dropped because a socket of this
// machine at an IPv4 address had no room: what a gateway could not take in time.
func overrun(to netip.AddrPort) uint64 {
	table, err := os.ReadFile("/proc/net/udp")
	if err != nil {
		return 0
	}
	a := to.Addr().As4()
	one := fmt.Appendf(nil, "%02X%02X%02X%02X:%04X", a[3], a[2], a[1], a[0], to.Port())
	any := fmt.Appendf(nil, "00000000:%04X", to.Port())
	sum := uint64(0)
	for line := range bytes.Lines(table) {
		f := bytes.Fields(line)
		const local, drops = 1, 12
		if len(f) > drops && (bytes.Equal(f[local], one) || bytes.Equal(f[local], any)) {
			n, _ := strconv.ParseUint(string(f[drops]), 10, 64)
			sum += n
		}
	}
	return sum
}
