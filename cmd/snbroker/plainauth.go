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

// passwords looks at what devices send in AUTH, passwords and tokens, beside the gateway's turn.
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
func (p *passwords) check(r gateway.AuthRequest, answer func(gateway.AuthAnswer)) {
	select {
	case p.room <- struct{}{}:
	default:
		answer(gateway.AuthAnswer{Code: mqttsn.ReturnCongestion, Why: "too many are being checked"})
		return
	}
	p.all.Go(func() {
		defer func() { <-p.room }()
		d := p.auth.Authenticate(p.ctx, auth.Request{
			ClientID: r.ClientID, Username: r.Username, HasPassword: true, Password: r.Password, Address: r.Address.IP,
		})
		switch {
		case d.Allowed:
			answer(gateway.AuthAnswer{Identity: &d.Identity, Expires: d.Expires})
		case d.Reason == auth.ReasonBusy || d.Reason == auth.ReasonUnavailable:
			answer(gateway.AuthAnswer{Code: mqttsn.ReturnCongestion, Why: d.Reason.String()})
		default:
			answer(gateway.AuthAnswer{Code: mqttsn.ReturnNotSupported, Why: d.Reason.String()})
		}
	})
}

func (p *passwords) close() {
	p.stop()
	p.all.Wait()
}
