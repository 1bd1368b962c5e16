package transport

import (
	"reflect"
	"sync/atomic"
	"testing"
)

// A counter forgotten in Snapshot would read zero for ever.
func TestSnapshotReadsEveryCounter(t *testing.T) {
	var c Counters
	cv := reflect.ValueOf(&c).Elem()
	for i := range cv.NumField() {
		cv.Field(i).Addr().Interface().(*atomic.Uint64).Store(uint64(i + 1))
	}
	sv := reflect.ValueOf(c.Snapshot())
	if sv.NumField() != cv.NumField() {
		t.Fatalf("%d counters, %d statistics", cv.NumField(), sv.NumField())
	}
	for i := range sv.NumField() {
		name := sv.Type().Field(i).Name
		if got, want := sv.Field(i).Uint(), cv.FieldByName(name).Addr().Interface().(*atomic.Uint64).Load(); got != want {
			t.Errorf("%s: got %d, want %d", name, got, want)
		}
	}
}
