// Package sidebyside measures the program against a bare one that does the same
// with sockets alone: an echo, a relay from UDP to TCP, a fan-out, at one system
// call a datagram and without any protocol. Both are processes of their own,
// driven by the same generator in one run, so that the ratio means something
// whatever the machine is doing. For regular clients the measure is mosquitto.
//
//	go test -run '^$' -bench . ./internal/sidebyside
package sidebyside
