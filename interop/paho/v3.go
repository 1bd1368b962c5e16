package main

import (
	"errors"
	"net"
	"net/url"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

// v3 is a client of paho.mqtt.golang.
type v3 struct {
	name   string
	client mqtt.Client
	socket net.Conn
}

func wait(t mqtt.Token) error {
	if !t.WaitTimeout(patience) {
		return errors.New("no answer")
	}
	return t.Error()
}

func (p *v3) connect(r request) (answer, error) {
	o := mqtt.NewClientOptions().AddBroker(r.URL).SetProtocolVersion(r.Version).SetClientID(r.ClientID).
		SetCleanSession(r.Clean).SetKeepAlive(time.Duration(r.KeepAlive) * time.Second).SetAutoReconnect(false)
	o.SetCustomOpenConnectionFn(func(*url.URL, mqtt.ClientOptions) (c net.Conn, err error) {
		p.socket, err = dial(r.URL)
		return p.socket, err
	})
	o.SetDefaultPublishHandler(func(_ mqtt.Client, m mqtt.Message) {
		say(event{Client: p.name, Message: &message{Topic: m.Topic(), Payload: m.Payload(), QoS: m.Qos(), Retain: m.Retained()}})
	})
	o.SetConnectionLostHandler(func(mqtt.Client, error) {
		code := unknown
		say(event{Client: p.name, Closed: &code})
	})
	if r.Will != nil {
		o.SetBinaryWill(r.Will.Topic, r.Will.Payload, r.Will.QoS, r.Will.Retain)
	}
	p.client = mqtt.NewClient(o)
	t := p.client.Connect().(*mqtt.ConnectToken)
	err := wait(t)
	return answer{Code: int(t.ReturnCode()), Session: t.SessionPresent()}, err
}

func (p *v3) subscribe(r request) (int, error) {
	t := p.client.Subscribe(r.Filter, r.QoS, nil).(*mqtt.SubscribeToken)
	err := wait(t)
	if code, ok := t.Result()[r.Filter]; ok {
		return int(code), nil
	}
	return unknown, err
}

func (p *v3) unsubscribe(r request) (int, error) {
	return unknown, wait(p.client.Unsubscribe(r.Filter))
}

func (p *v3) publish(m message) (int, error) {
	return unknown, wait(p.client.Publish(m.Topic, m.QoS, m.Retain, m.Payload))
}

func (p *v3) disconnect() error {
	p.client.Disconnect(250) // milliseconds, at most, for what is on its way
	return nil
}

func (p *v3) conn() net.Conn { return p.socket }
