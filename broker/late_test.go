package broker

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// closing is an authorizer during whose judgement the broker goes down.
type closing struct{ *Broker }

func (c closing) CanPublish(any, string, string) bool {
	c.Broker.Close()
	return true
}
func (closing) CanSubscribe(any, string, string) bool { return true }
func (closing) CanReceive(any, string, string) bool   { return true }

// The broker goes down while a client comes in, whose predecessor's will is being
// judged.
func TestCloseWhileAClientComes(t *testing.T) {
	d := newDisk(t)
	attach(t, d.Broker, ConnectOptions{ClientID: "c", Expiry: Never, Will: &Will{Topic: "will"}})
	d.Authorize(closing{d.Broker})
	var turn Turn
	c, _, err := d.Connect(ConnectOptions{ClientID: "c", CleanStart: true}, new(peer), &turn)
	if c != nil || !errors.Is(err, ErrShuttingDown) {
		t.Errorf("%v, %v", c, err)
	}
	d.End(&turn)
}

// Nothing is due before Release: what judges wills is not there yet.
func TestNothingIsDueBeforeRelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(t)
		attach(t, d.Broker, ConnectOptions{ClientID: "c", Expiry: time.Second})
		d.settle()
		d.cut()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := d.Stats().Sessions; n != 1 {
			t.Errorf("%d sessions before Release", n)
		}
		d.Release()
		time.Sleep(time.Second)
		synctest.Wait()
		if n := d.Stats().Sessions; n != 0 {
			t.Errorf("%d sessions after it", n)
		}
		d.log.Close()
	})
}

// A session that nobody comes back to ends, and its will is published, however
// often the broker is started again meanwhile.
func TestDeadlinesOverRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(t)
		watch := attach(t, d.Broker, ConnectOptions{ClientID: "watch", Expiry: Never})
		watch.subscribe("will", SubscribeOptions{QoS: 1})
		watch.close(false)
		attach(t, d.Broker, ConnectOptions{ClientID: "c", Expiry: time.Hour})
		attach(t, d.Broker, ConnectOptions{ClientID: "w", Expiry: Never, Will: &Will{Topic: "will", QoS: 1, Delay: time.Hour}})
		for range 3 {
			d.Broker.Close()
			d.restart()
			time.Sleep(40 * time.Minute)
			synctest.Wait()
		}
		if _, there := d.Session("c"); there {
			t.Error("it is there still")
		}
		connect(t, d.Broker, ConnectOptions{ClientID: "watch", Expiry: Never}).hears("will= q1 #1")
		d.log.Close()
	})
}

// A message expires in its time after a restart, too, also if the machine's clocks
// tell nothing of how long the broker ran before.
func TestExpiryAfterALongRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDisk(t)
		forever := ConnectOptions{ClientID: "c", Expiry: Never}
		p := attach(t, d.Broker, forever)
		p.subscribe("a", SubscribeOptions{QoS: 1})
		p.close(false)
		time.Sleep(10 * time.Hour)
		m := text("a", "open", 1)
		m.Expiry = time.Minute
		publish(d.Broker, m)
		d.restart()
		time.Sleep(2 * time.Minute)
		connect(t, d.Broker, forever).hears()
		d.log.Close()
	})
}
