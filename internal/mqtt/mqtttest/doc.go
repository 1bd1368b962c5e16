// Package mqtttest has what tests of a server share: a Peer that speaks MQTT by
// a script and wants its answers to the octet, packets in few words, and pipes
// in place of sockets. Whatever goes wrong ends the test.
package mqtttest
