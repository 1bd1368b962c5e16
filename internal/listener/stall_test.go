package listener

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"snbroker/broker"
)

// A client's time that was over while the program was held up is not over before
// what it sent meanwhile could be read, once. A token's is.
func TestStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer ours.Close()
		defer theirs.Close()
		c := &conn{net: ours, session: new(broker.Conn), silence: time.Minute, heard: time.Now()}
		time.Sleep(time.Minute + stallNoticed - 1)
		if c.mayWait() {
			t.Error("an ordinary delay counts")
		}
		time.Sleep(time.Minute)
		begun := time.Now()
		if !c.mayWait() {
			t.Fatal("the client is given up")
		}
		if _, err := ours.Read(make([]byte, 1)); err == nil || time.Since(begun) != stallGrace {
			t.Errorf("%v after %v", err, time.Since(begun))
		}
		if c.mayWait() {
			t.Error("it has more than a second")
		}
		c.spared, c.expires = false, begun
		if c.mayWait() {
			t.Error("so has an identity that has expired")
		}
	})
}
