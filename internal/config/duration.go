package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"snbroker/broker"
)

// Duration is a time span, written "10s", "15m", "1d" or "1d12h". A number
// without a unit is refused: nobody can know whether it means seconds.
type Duration time.Duration

const day = 24 * time.Hour

func (d *Duration) set(v any) error {
	switch v := v.(type) {
	case string:
		t, err := parseDuration(v)
		if err == nil {
			*d = Duration(t)
		}
		return err
	case int64:
		return fmt.Errorf(`want a unit, as in "%ds" (s, m, h or d)`, v)
	}
	return errDuration
}

var errDuration = fmt.Errorf(`want a duration in quotes, such as "10s", "15m", "12h" or "1d"`)

func parseDuration(s string) (time.Duration, error) {
	if _, err := strconv.ParseUint(s, 10, 64); err == nil && s != "0" {
		return 0, fmt.Errorf(`want a unit, as in "%ss" (s, m, h or d)`, s)
	}
	var days time.Duration
	rest := s
	if n, after, ok := strings.Cut(s, "d"); ok {
		count, err := strconv.ParseUint(n, 10, 16)
		if err != nil {
			return 0, errDuration
		}
		if days, rest = time.Duration(count)*day, after; rest == "" {
			return days, nil
		}
	}
	t, err := time.ParseDuration(rest)
	switch {
	case err != nil:
		return 0, errDuration
	case t < 0:
		return 0, fmt.Errorf("must not be negative")
	case days+t < days:
		return 0, errDuration
	}
	return days + t, nil
}

// String writes d as one would in the file: "15m", not "15m0s".
func (d Duration) String() string {
	t := time.Duration(d)
	if t >= day && t%day == 0 {
		return strconv.FormatInt(int64(t/day), 10) + "d"
	}
	s := t.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Expiry is a Duration, or "never".
type Expiry time.Duration

// Never is the Expiry that does not come.
const Never = Expiry(broker.Never)

func (e *Expiry) set(v any) error {
	if v == "never" {
		*e = Never
		return nil
	}
	var d Duration
	if err := d.set(v); err != nil {
		return fmt.Errorf(`%w, or "never"`, err)
	}
	*e = Expiry(d)
	return nil
}

func (e Expiry) String() string {
	if e == Never {
		return "never"
	}
	return Duration(e).String()
}
