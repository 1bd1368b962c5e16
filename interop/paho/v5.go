package main

import (
	"context"
	"net"
	"sync"

	"github.com/eclipse/paho.golang/packets"
	"github.com/eclipse/paho.golang/paho"
)

// v5 is a client of paho.golang.
type v5 struct {
	name   string
	client *paho.Client
	socket net.Conn
	closed sync.Once
}

func user(pairs [][2]string) (u paho.UserProperties) {
	for _, p := range pairs {
		u.Add(p[0], p[1])
	}
	return u
}

func (p *v5) ended(code int) {
	p.closed.Do(func() { say(event{Client: p.name, Closed: &code}) })
}

func (p *v5) received(r paho.PublishReceived) (bool, error) {
	m := &message{Topic: r.Packet.Topic, Payload: r.Packet.Payload, QoS: r.Packet.QoS, Retain: r.Packet.Retain}
	if from := r.Packet.Properties; from != nil {
		m.Properties = properties{ContentType: from.ContentType, ResponseTopic: from.ResponseTopic, Correlation: from.CorrelationData}
		if from.MessageExpiry != nil {
			m.Properties.Expiry = *from.MessageExpiry
		}
		if from.SubscriptionIdentifier != nil {
			m.Properties.Subscriptions = []int{*from.SubscriptionIdentifier}
		}
		for _, u := range from.User {
			m.Properties.User = append(m.Properties.User, [2]string{u.Key, u.Value})
		}
	}
	say(event{Client: p.name, Message: m})
	return true, nil
}

func (p *v5) connect(r request) (answer, error) {
	socket, err := dial(r.URL)
	if err != nil {
		return answer{}, err
	}
	p.socket = socket
	p.client = paho.NewClient(paho.ClientConfig{
		Conn:               packets.NewThreadSafeConn(socket),
		PacketTimeout:      patience,
		OnPublishReceived:  []func(paho.PublishReceived) (bool, error){p.received},
		OnServerDisconnect: func(d *paho.Disconnect) { p.ended(int(d.ReasonCode)) },
		OnClientError:      func(error) { p.ended(unknown) },
	})
	c := &paho.Connect{ClientID: r.ClientID, CleanStart: r.Clean, KeepAlive: r.KeepAlive, Properties: &paho.ConnectProperties{RequestProblemInfo: true}}
	if r.Expiry != 0 {
		c.Properties.SessionExpiryInterval = &r.Expiry
	}
	if w := r.Will; w != nil {
		c.WillMessage = &paho.WillMessage{Topic: w.Topic, Payload: w.Payload, QoS: w.QoS, Retain: w.Retain}
		c.WillProperties = &paho.WillProperties{ContentType: w.Properties.ContentType, ResponseTopic: w.Properties.ResponseTopic,
			CorrelationData: w.Properties.Correlation, User: user(w.Properties.User)}
	}
	ack, err := p.client.Connect(context.Background(), c)
	if err != nil {
		return answer{}, err
	}
	a := answer{Code: int(ack.ReasonCode), Session: ack.SessionPresent}
	if ack.Properties != nil {
		a.Assigned = ack.Properties.AssignedClientID
	}
	return a, nil
}

func (p *v5) subscribe(r request) (int, error) {
	s := &paho.Subscribe{Properties: &paho.SubscribeProperties{}, Subscriptions: []paho.SubscribeOptions{{
		Topic: r.Filter, QoS: r.QoS, NoLocal: r.NoLocal, RetainAsPublished: r.RetainAsPublished, RetainHandling: r.RetainHandling}}}
	if r.Subscription != 0 {
		s.Properties.SubscriptionIdentifier = &r.Subscription
	}
	ack, err := p.client.Subscribe(context.Background(), s)
	if ack == nil {
		return unknown, err
	}
	return int(ack.Reasons[0]), nil
}

func (p *v5) unsubscribe(r request) (int, error) {
	ack, err := p.client.Unsubscribe(context.Background(), &paho.Unsubscribe{Topics: []string{r.Filter}})
	if err != nil {
		return unknown, err
	}
	return int(ack.Reasons[0]), nil
}

func (p *v5) publish(m message) (int, error) {
	props := &paho.PublishProperties{ContentType: m.Properties.ContentType, ResponseTopic: m.Properties.ResponseTopic,
		CorrelationData: m.Properties.Correlation, User: user(m.Properties.User)}
	if m.Properties.Expiry != 0 {
		props.MessageExpiry = &m.Properties.Expiry
	}
	if m.Properties.Alias != 0 {
		props.TopicAlias = &m.Properties.Alias
	}
	ack, err := p.client.Publish(context.Background(), &paho.Publish{Topic: m.Topic, Payload: m.Payload, QoS: m.QoS, Retain: m.Retain, Properties: props})
	if err != nil {
		return unknown, err
	}
	if m.QoS != 1 { // with QoS 2 it tells of PUBCOMP, not of PUBREC
		return unknown, nil
	}
	return int(ack.ReasonCode), nil
}

func (p *v5) disconnect() error {
	// Done first, since the end of the connection that follows is no news.
	p.closed.Do(func() {})
	return p.client.Disconnect(&paho.Disconnect{})
}

func (p *v5) conn() net.Conn { return p.socket }
