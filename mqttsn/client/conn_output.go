package client

import "snbroker/mqttsn"

// connOutput is Conn as its Client sees it. The Client runs with mu held, and
// so do these.
type connOutput Conn

func (o *connOutput) Send(datagram []byte) {
	if _, err := o.nc.Write(datagram); err != nil {
		// A connected socket reports here too that nobody is listening.
		(*Conn)(o).over(err)
	}
}

func (o *connOutput) Handle(e Event) {
	switch e := e.(type) {
	case *Connected:
		o.changed(nil)
	case *Refused:
		err := returnError(mqttsn.TypeConnect, e.ReturnCode)
		o.changed(err)
		(*Conn)(o).over(err)
	case *FellAsleep:
		o.changed(nil)
	case *AwakeEnded:
		if e.Complete {
			o.changed(nil)
		} else {
			o.changed(ErrAwakeCutShort)
		}
	case *Disconnected:
		o.disconnected(e)
	case *Registered:
		o.answered(e.Token, result{err: returnError(mqttsn.TypeRegister, e.ReturnCode)})
	case *Published:
		err := returnError(mqttsn.TypePublish, e.ReturnCode)
		if e.Uncertain {
			err = ErrUncertain
		}
		o.answered(e.Token, result{err: err})
	case *Subscribed:
		o.answered(e.Token, result{
			granted: e.Granted,
			err:     returnError(mqttsn.TypeSubscribe, e.ReturnCode),
		})
	case *Unsubscribed:
		o.answered(e.Token, result{})
	case *WillUpdated:
		o.answered(e.Token, result{err: returnError(mqttsn.TypeWillTopicUpd, e.ReturnCode)})
	case *Pong:
		o.answered(e.Token, result{})
	case *Congested:
		// Minutes are too long for someone who waits; forget takes the
		// request back.
		o.answered(e.Token, result{err: returnError(e.Request, mqttsn.ReturnCongestion)})
	case *Message:
		m := *e
		o.arrived = &m
	}
}

func (o *connOutput) changed(err error) {
	if o.turn != nil {
		o.turn <- err
		o.turn = nil
	}
}

func (o *connOutput) answered(t Token, r result) {
	if answer, ok := o.waiting[t]; ok {
		answer <- r
		delete(o.waiting, t)
	}
}

func (o *connOutput) disconnected(e *Disconnected) {
	switch e.Reason {
	case ReasonRequested:
		o.changed(nil)
		(*Conn)(o).over(ErrClosed)
	case ReasonGateway:
		o.changed(ErrGatewayDisconnected)
		(*Conn)(o).over(ErrGatewayDisconnected)
	case ReasonNoAnswer:
		err := &NoAnswerError{Request: e.Request, Tries: e.Tries, Waited: e.Waited}
		o.changed(err)
		(*Conn)(o).over(err)
	}
}
