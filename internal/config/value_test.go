package config

import (
	"testing"
	"time"
)

func TestDuration(t *testing.T) {
	for _, tc := range []struct {
		in   any
		want time.Duration
		text string // as it is shown; "" if in is refused
	}{
		{"10s", 10 * time.Second, "10s"},
		{"15m", 15 * time.Minute, "15m"},
		{"90m", 90 * time.Minute, "1h30m"},
		{"12h", 12 * time.Hour, "12h"},
		{"1d", 24 * time.Hour, "1d"},
		{"1d12h", 36 * time.Hour, "36h"},
		{"24h", 24 * time.Hour, "1d"},
		{"500ms", 500 * time.Millisecond, "500ms"},
		{"0s", 0, "0s"},
		{"0", 0, "0s"},
		{int64(10), 0, ""},
		{"10", 0, ""},
		{"-1s", 0, ""},
		{"-1d", 0, ""},
		{"1d-1h", 0, ""},
		{"1.5d", 0, ""},
		{"", 0, ""},
		{"soon", 0, ""},
		{"9999999d", 0, ""},
		{"65535d2000000h", 0, ""},
		{1.5, 0, ""},
		{true, 0, ""},
		{nil, 0, ""},
	} {
		got := Duration(7)
		err := got.set(tc.in)
		switch {
		case tc.text == "" && (err == nil || got != 7):
			t.Errorf("%#v: got %v, %v; want an error, and no change", tc.in, got, err)
		case tc.text != "" && (err != nil || time.Duration(got) != tc.want || got.String() != tc.text):
			t.Errorf("%#v: got %v, %v; want %s", tc.in, got, err, tc.text)
		}
	}
}

func TestExpiry(t *testing.T) {
	var e Expiry
	if err := e.set("never"); err != nil || e != Never || e.String() != "never" {
		t.Errorf("never: got %v, %v", e, err)
	}
	if err := e.set("90d"); err != nil || e != Expiry(90*day) || e.String() != "90d" {
		t.Errorf("90d: got %v, %v", e, err)
	}
	if err := e.set(int64(5)); err == nil {
		t.Error("5 is accepted")
	}
}

func TestSize(t *testing.T) {
	for _, tc := range []struct {
		in   any
		want Size
		text string
	}{
		{"8MiB", 8 << 20, "8MiB"},
		{"64KiB", 64 << 10, "64KiB"},
		{"1GiB", 1 << 30, "1GiB"},
		{"1MB", 1e6, "1000000"},
		{"3 kB", 3000, "3000"},
		{"12B", 12, "12"},
		{"1024", 1024, "1KiB"},
		{int64(0), 0, "0"},
		{int64(65507), 65507, "65507"},
		{int64(-1), 0, ""},
		{"-1", 0, ""},
		{"MiB", 0, ""},
		{"8 mb", 0, ""},
		{"1.5MiB", 0, ""},
		{"9223372036854775807KiB", 0, ""},
		{1.0, 0, ""},
		{nil, 0, ""},
	} {
		got := Size(7)
		err := got.set(tc.in)
		switch {
		case tc.text == "" && (err == nil || got != 7):
			t.Errorf("%#v: got %v, %v; want an error, and no change", tc.in, got, err)
		case tc.text != "" && (err != nil || got != tc.want || got.String() != tc.text):
			t.Errorf("%#v: got %v, %v; want %s", tc.in, got, err, tc.text)
		}
	}
}
