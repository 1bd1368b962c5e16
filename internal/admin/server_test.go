package admin

import (
	"net"
	"testing"
)

// A connection too many waits until another ends, and none waits for ever.
func TestConnectionsAreBounded(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	quit := make(chan struct{})
	b := &bounded{Listener: l, free: make(chan struct{}, 1), quit: quit}
	for range 2 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	first, err := b.Accept()
	if err != nil {
		t.Fatal(err)
	}
	second := make(chan error)
	go func() {
		_, err := b.Accept()
		second <- err
	}()
	select {
	case <-second:
		t.Fatal("it was accepted beside the first")
	default:
	}
	first.Close()
	first.Close() // counts once
	if err := <-second; err != nil {
		t.Error(err)
	}
	go func() {
		_, err := b.Accept()
		second <- err
	}()
	close(quit)
	if err := <-second; err == nil {
		t.Error("accepted after the end")
	}
}
