package client

import (
	"io"
	"time"

	"snbroker/mqttsn"
)

// PublishMinusOne writes one PUBLISH of QoS -1: no connection, no answer, and a
// topic that is Predefined or Short. The error is the writer's or the topic's;
// there is no telling whether anyone took it.
func PublishMinusOne(w io.Writer, t Topic, payload []byte, retain bool) error {
	o := &writerOutput{w: w}
	if _, err := New(Config{}, o).Publish(time.Time{}, t, payload, mqttsn.QoSMinusOne, retain); err != nil {
		return err
	}
	return o.err
}

type writerOutput struct {
	w   io.Writer
	err error
}

func (o *writerOutput) Send(datagram []byte) { _, o.err = o.w.Write(datagram) }
func (o *writerOutput) Handle(Event)         {}
