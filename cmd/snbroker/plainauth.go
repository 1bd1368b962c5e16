package main

import (
	"context"
	"sync"

	"snbroker/gateway"
	"snbroker/internal/auth"
	"snbroker/mqttsn"
)

// maxChecks bounds the devices whose passwords are being looked at; more are told
// "congestion". Each waits for one of hash_workers.
const maxChecks = 256

// passwords looks at what devices send in AUTH, beside the gateway's turn.
type passwords struct {
	auth *auth.Auth
	ctx  context.Context
	stop context.CancelFunc
	room chan struct{}
	all  sync.WaitGroup
}

func newPasswords(a *auth.Auth) *passwords {
	p := &passwords{auth: a, room: make(chan struct{}, maxChecks)}
	p.ctx, p.stop = context.WithCancel(context.Background())
	return p
}

// check is the gateway's Authenticate.
func (p *passwords) check(r gateway.AuthRequest, answer func(identity any, rc mqttsn.ReturnCode)) {
	select {
	case p.room <- struct{}{}:
	default:
		answer(nil, mqttsn.ReturnCongestion)
		return
	}
	p.all.Go(func() {
		defer func() { <-p.room }()
		d := p.auth.Authenticate(p.ctx, auth.Request{
			ClientID: r.ClientID, Username: r.Username, HasPassword: true, Password: r.Password, Address: r.Address.IP,
		})
		switch {
		case d.Reason == auth.ReasonBusy || d.Reason == auth.ReasonUnavailable:
			answer(nil, mqttsn.ReturnCongestion)
		case !d.Allowed || !d.Expires.IsZero(): // nothing would end a token's session
			answer(nil, mqttsn.ReturnNotSupported)
		default:
			answer(&d.Identity, mqttsn.ReturnAccepted)
		}
	})
}

func (p *passwords) close() {
	p.stop()
	p.all.Wait()
}
