package client_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net"
	"time"

	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
)

// A program that publishes a reading and listens for commands.
func ExampleDial() {
	gateway := echo() // stands in for "127.0.0.1:1883"
	defer gateway.Close()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := client.Dial(ctx, "udp", gateway.LocalAddr().String(), client.Config{
		ClientID:     "thermometer-7",
		CleanSession: true,
		KeepAlive:    time.Minute,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close(ctx)

	commands := make(chan string)
	_, err = conn.Subscribe(ctx, client.Named("attic/set"), mqttsn.QoS1, func(m *client.Message) {
		commands <- string(m.Payload)
	})
	if err != nil {
		log.Fatal(err)
	}
	err = conn.Publish(ctx, client.Named("attic/set"), []byte("21.5"), mqttsn.QoS1, false)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-commands)
	// Output: 21.5
}

// A button that sends one datagram and is gone.
func ExamplePublishMinusOne() {
	var radio bytes.Buffer
	err := client.PublishMinusOne(&radio, client.Short("tt"), []byte("on"), false)
	fmt.Println(err)
	fmt.Println(mqttsn.Describe(radio.Bytes()))
	// Output:
	// <nil>
	// PUBLISH qos=-1 topic=short:"tt" msgid=0 len=2
}

// printer is the owner of a Client: it carries the datagrams and acts on
// events.
type printer struct{}

func (printer) Send(datagram []byte)     { fmt.Println("send ", mqttsn.Describe(datagram)) }
func (printer) Handle(e client.Event)    { fmt.Printf("event %T\n", e) }
func encode(m mqttsn.Message) (b []byte) { b, _ = m.AppendBinary(nil); return b }

// A device whose time and network are the caller's.
func ExampleClient() {
	device := client.New(client.Config{ClientID: "d1", TRetry: 10 * time.Second}, printer{})
	now := time.Unix(1000, 0)

	device.Connect(now)
	now = device.Next() // nobody has answered
	device.Advance(now)
	device.Receive(now, encode(&mqttsn.ConnAck{}))

	device.Sleep(now, 5*time.Minute)
	device.Receive(now, encode(&mqttsn.Disconnect{}))
	now = now.Add(4 * time.Minute)
	device.Wake(now)
	device.Receive(now, encode(&mqttsn.PingResp{}))
	fmt.Println(device.State())
	// Output:
	// send  CONNECT duration=0 clientid="d1"
	// send  CONNECT duration=0 clientid="d1"
	// event *client.Connected
	// send  DISCONNECT duration=300
	// event *client.FellAsleep
	// send  PINGREQ clientid="d1"
	// event *client.AwakeEnded
	// asleep
}

// echo is a gateway with one client, which hears what it says.
func echo() net.PacketConn {
	pc, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go func() { // until pc is closed
		var d mqttsn.Decoder
		buf := make([]byte, 1500)
		for {
			n, from, err := pc.ReadFrom(buf)
			if err != nil {
				return
			}
			m, _ := d.Decode(buf[:n])
			switch m := m.(type) {
			case *mqttsn.Connect:
				pc.WriteTo(encode(&mqttsn.ConnAck{}), from)
			case *mqttsn.Subscribe:
				pc.WriteTo(encode(&mqttsn.SubAck{QoS: m.QoS, TopicID: 1, MsgID: m.MsgID}), from)
			case *mqttsn.Publish:
				pc.WriteTo(encode(&mqttsn.PubAck{TopicID: 1, MsgID: m.MsgID}), from)
				pc.WriteTo(encode(&mqttsn.Publish{TopicID: 1, Data: m.Data}), from)
			case *mqttsn.Disconnect:
				pc.WriteTo(encode(&mqttsn.Disconnect{}), from)
			}
		}
	}()
	return pc
}
