package interop

import (
	"context"
	"fmt"
	"testing"
	"time"

	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
)

// device is a MQTT-SN device that notes what it is sent.
type device struct {
	t *testing.T
	*client.Conn
	got chan string
}

func dialDevice(t *testing.T) *device {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := client.Dial(ctx, "udp", server(t).udp, client.Config{ClientID: newID(), CleanSession: true, KeepAlive: time.Minute, TRetry: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := c.Close(ctx); err != nil {
			t.Errorf("the device: %v", err)
		}
	})
	return &device{t, c, make(chan string, 10000)}
}

func (d *device) subscribe(filter string, qos mqttsn.QoS) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	granted, err := d.Subscribe(ctx, client.Named(filter), qos, func(m *client.Message) {
		d.got <- fmt.Sprintf("%v %s %v %v", m.Topic, m.Payload, m.QoS, m.Retain)
	})
	if err != nil || granted != qos {
		d.t.Fatalf("the device subscribes: granted %v, %v", granted, err)
	}
}

func (d *device) publish(topic, payload string, qos mqttsn.QoS) {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := d.Publish(ctx, client.Named(topic), []byte(payload), qos, false); err != nil {
		d.t.Errorf("the device publishes: %v", err)
	}
}

func (d *device) hears(topic, payload string, qos byte) {
	d.t.Helper()
	want := fmt.Sprintf("%v %s %v false", client.Named(topic), payload, qos)
	select {
	case got := <-d.got:
		if got != want {
			d.t.Errorf("the device got %q, want %q", got, want)
		}
	case <-timeout():
		d.t.Fatalf("the device did not get %q", want)
	}
}

// TestWorlds has a device and every client hear each other.
func TestWorlds(t *testing.T) {
	t.Parallel()
	d := dialDevice(t)
	d.subscribe(t.Name()+"/#", mqttsn.QoS2)
	var peers []*peer
	for _, f := range flavours {
		p := f.connect(t, connecting{})
		p.subscribe(t.Name()+"/#", 2)
		peers = append(peers, p)
	}
	versions := []mosquitto{"mqttv31", "mqttv311", "mqttv5"}
	var subscribers []*subscriber
	for _, m := range versions {
		subscribers = append(subscribers, m.subscribe(t, "-t", t.Name()+"/#", "-q", "2"))
	}
	for qos := range byte(3) {
		all := func(topic, payload string) {
			t.Helper()
			d.hears(topic, payload, qos)
			for _, p := range peers {
				p.hears(topic, payload, qos)
			}
			for _, s := range subscribers {
				s.hears(topic, payload, qos)
			}
		}
		d.publish(t.Name()+"/device", "from a device", mqttsn.QoS(qos))
		all(t.Name()+"/device", "from a device")
		for _, p := range peers {
			topic := t.Name() + "/" + p.flavour.String()
			p.publish(topic, "hello", qos)
			all(topic, "hello")
		}
		for _, m := range versions {
			topic := t.Name() + "/" + string(m)
			m.publish(t, topic, "hello", qos)
			all(topic, "hello")
		}
	}
}
