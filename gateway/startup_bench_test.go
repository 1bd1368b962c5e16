package gateway

import (
	"flag"
	"fmt"
	"runtime"
	"testing"
	"time"

	"snbroker/broker"
	"snbroker/internal/store"
	"snbroker/mqttsn"
	"snbroker/transport"
)

var sleepers = flag.Int("sleepers", 100_000, "how many devices BenchmarkStartUp has asleep")

// How long it takes to go on with sleeping devices for each of which a message
// waits, and what they keep on the heap then:
//
//	go test -run '^$' -bench StartUp -benchtime 1x ./gateway -sleepers 1000000
func BenchmarkStartUp(b *testing.B) {
	folder := b.TempDir()
	began := time.Now()
	fillStore(b, folder, *sleepers)
	b.Logf("%d devices, their sessions and messages took %v to make", *sleepers, time.Since(began).Round(time.Millisecond))
	for b.Loop() {
		before := inUse()
		began := time.Now()
		g, core, _, _ := quietFor(*sleepers)
		log := openStore(b, folder)
		restored, err := core.Persist(log, nil)
		if err != nil {
			b.Fatal(err)
		}
		devices := g.Restore(core.Survivors())
		core.Release()
		took := time.Since(began)
		if devices != *sleepers || restored.Queued != *sleepers {
			b.Fatalf("%d devices, and %d messages that wait", devices, restored.Queued)
		}
		b.ReportMetric(took.Seconds(), "s")
		b.ReportMetric(float64(inUse()-before)/float64(*sleepers), "B/device")
		runtime.KeepAlive(g)
		if err := log.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

// inUse is the heap when all is collected that can be.
func inUse() int64 {
	var m runtime.MemStats
	for range 3 { // what a pool or a finalizer holds takes more than one
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func openStore(b *testing.B, folder string) *store.Log {
	log, err := store.Open(store.Options{Path: folder, Durability: store.None})
	if err != nil {
		b.Fatal(err)
	}
	return log
}

// quietFor is quiet with room for so many devices.
func quietFor(devices int) (*Gateway, *broker.Broker, receiver, *sink) {
	g, core, in, out := quiet()
	g.cfg.MaxDevices = devices + 1
	l := broker.DefaultLimits()
	l.MaxSessions = devices + 2
	core.SetLimits(l)
	return g, core, in, out
}

// fillStore leaves sleeping devices with a message each.
func fillStore(b *testing.B, folder string, devices int) {
	_, core, in, _ := quietFor(devices)
	log := openStore(b, folder)
	if _, err := core.Persist(log, nil); err != nil {
		b.Fatal(err)
	}
	core.Release()
	program := attach(core, "nothing")
	var turn broker.Turn
	batch := make([]transport.Datagram, 1)
	for i := range devices {
		topic := fmt.Sprintf("site/device-%06d/command", i)
		for _, m := range []mqttsn.Message{
			&mqttsn.Connect{ProtocolID: 1, Duration: 600, ClientID: fmt.Appendf(nil, "device-%06d", i)},
			&mqttsn.Subscribe{QoS: mqttsn.QoS1, MsgID: 2, TopicName: []byte(topic)},
			&mqttsn.Disconnect{Duration: 3600},
		} {
			batch[0] = transport.Datagram{From: address(i), Data: encode(m)}
			in.Receive(nil, batch)
		}
		program.conn.Publish(&broker.Publication{Topic: topic, Payload: []byte("open 50 %"), QoS: 1}, &turn)
		core.End(&turn)
	}
	if err := log.Close(); err != nil {
		b.Fatal(err)
	}
}
