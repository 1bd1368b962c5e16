package config

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// Size is a number of octets, written "8MiB", "64KiB", "1MB" or 65536.
type Size int

var errSize = errors.New(`want a size such as "64KiB", "8MiB", "1MB", or a number of octets`)

// units, the longer endings first: "KiB" ends in "B" too.
var units = []struct {
	name   string
	octets int64
}{
	{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"KB", 1e3},
	{"B", 1},
}

func (s *Size) set(v any) error {
	var n int64
	switch v := v.(type) {
	case int64:
		n = v
	case string:
		unit := int64(1)
		for _, u := range units {
			if number, ok := strings.CutSuffix(v, u.name); ok {
				v, unit = strings.TrimSpace(number), u.octets
				break
			}
		}
		count, err := strconv.ParseUint(v, 10, 63)
		if err != nil || int64(count) > math.MaxInt64/unit {
			return errSize
		}
		n = int64(count) * unit
	default:
		return errSize
	}
	if n < 0 || n > math.MaxInt {
		return errSize
	}
	*s = Size(n)
	return nil
}

// String writes s in the largest binary unit that divides it.
func (s Size) String() string {
	for _, u := range units[:3] {
		if n := int64(s); n >= u.octets && n%u.octets == 0 {
			return strconv.FormatInt(n/u.octets, 10) + u.name
		}
	}
	return strconv.Itoa(int(s))
}
