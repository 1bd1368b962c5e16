package ping

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
)

// link is a device that pings by itself. The Client would repeat a PINGREQ
// that is not answered, as a device should, and so measure the wrong thing; it
// is here for the connection.
type link struct {
	ctx     context.Context
	nc      net.Conn
	client  *client.Client
	decoder mqttsn.Decoder
	buf     []byte
	stop    func() bool // of what wakes up Read when ctx ends

	connected bool
	err       error          // why the connection ended or did not begin
	answer    mqttsn.MsgType // to PINGREQ
	answered  bool
}

// errNone: the time is over.
var errNone = errors.New("no answer")

func newLink(ctx context.Context, nc net.Conn, cfg client.Config) *link {
	l := &link{ctx: ctx, nc: nc, buf: make([]byte, mqttsn.MaxLength)}
	l.client = client.New(cfg, l)
	l.stop = context.AfterFunc(ctx, func() { nc.SetReadDeadline(time.Unix(1, 0)) })
	return l
}

// Send is a failure of the whole link if it fails.
func (l *link) Send(datagram []byte) {
	if _, err := l.nc.Write(datagram); err != nil && l.err == nil {
		l.err = err
	}
}

func (l *link) Handle(e client.Event) {
	switch e := e.(type) {
	case *client.Connected:
		l.connected = true
	case *client.Refused:
		l.err = &client.ReturnError{Request: mqttsn.TypeConnect, ReturnCode: e.ReturnCode}
	case *client.Disconnected:
		l.connected = false
		switch e.Reason {
		case client.ReasonGateway:
			l.err = client.ErrGatewayDisconnected
		case client.ReasonNoAnswer:
			l.err = &client.NoAnswerError{Request: e.Request, Tries: e.Tries, Waited: e.Waited}
		}
	}
}

func (l *link) connect() error {
	if err := l.client.Connect(time.Now()); err != nil {
		return err
	}
	for !l.connected {
		if err := l.step(time.Time{}); err != nil {
			return err
		}
	}
	return nil
}

// ping sends one PINGREQ and says what came back, be it for an earlier one:
// PINGRESP does not say.
func (l *link) ping(until time.Time) (mqttsn.MsgType, error) {
	b, err := (&mqttsn.PingReq{}).AppendBinary(nil)
	if err != nil {
		return 0, err
	}
	l.answered = false
	if _, err := l.nc.Write(b); err != nil {
		return 0, err
	}
	for !l.answered {
		if err := l.step(until); err != nil {
			return 0, err
		}
		if !l.answered && !time.Now().Before(until) {
			return 0, errNone
		}
	}
	return l.answer, nil
}

// serve does what a device does between pings.
func (l *link) serve(until time.Time) error {
	for time.Now().Before(until) {
		if err := l.step(until); err != nil {
			return err
		}
	}
	return nil
}

// step takes one datagram, or lets the time pass until then or the Client's
// next deadline.
func (l *link) step(until time.Time) error {
	if next := l.client.Next(); until.IsZero() || !next.IsZero() && next.Before(until) {
		until = next
	}
	l.nc.SetReadDeadline(until)
	if err := l.ctx.Err(); err != nil { // it may have ended before that line
		return err
	}
	n, err := l.nc.Read(l.buf)
	switch {
	case err == nil:
		l.receive(l.buf[:n])
	case l.ctx.Err() != nil:
		return l.ctx.Err()
	case errors.Is(err, os.ErrDeadlineExceeded):
		l.client.Advance(time.Now())
	default:
		return err
	}
	return l.err
}

func (l *link) receive(datagram []byte) {
	if t, _ := mqttsn.PeekType(datagram); t == mqttsn.TypePingResp || t == mqttsn.TypeDisconnect {
		if _, err := l.decoder.Decode(datagram); err == nil {
			l.answer, l.answered = t, true
		}
	}
	// Which includes the answer to the Client's own PINGREQ for keep alive.
	l.client.Receive(time.Now(), datagram)
}

// close says goodbye and does not wait for an answer.
func (l *link) close() {
	l.stop()
	l.client.Disconnect(time.Now())
	l.nc.Close()
}
