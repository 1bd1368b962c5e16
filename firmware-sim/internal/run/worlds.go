package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"snbroker/firmware-sim/internal/cli"
	"snbroker/firmware-sim/internal/fleet"
	"snbroker/firmware-sim/internal/lines"
	"snbroker/firmware-sim/internal/live"
	"snbroker/firmware-sim/internal/report"
	"snbroker/firmware-sim/internal/restart"
	"snbroker/firmware-sim/internal/scenario"
)

// real plays against a gateway and a broker on the network.
func real(ctx context.Context, env cli.Env, o options, s *scenario.Scenario) (*fleet.Fleet, *report.Run, error) {
	dial, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cfg := fleet.Config{Scenario: s, Seed: o.seed, Run: nonce(), Prefix: o.prefix}
	if o.security.Wanted() {
		var err error
		if cfg.Credentials, err = o.security.Load(); err != nil {
			return nil, nil, err
		}
	}
	if s.Resume && strings.HasPrefix(o.gateway, "dtls://") {
		if cfg.Credentials == nil {
			cfg.Credentials, _ = o.security.Load() // without files, nothing can fail
		}
		cfg.Credentials.Resume = true
	}
	open := fleet.Dial
	if s.Restart.Wanted() {
		g, err := restart.New(s.Restart)
		if err != nil {
			return nil, nil, err
		}
		defer g.Close()
		cfg.Gateway = g
		if len(s.Restart.Start) > 0 {
			open = func(ctx context.Context, cfg fleet.Config, gateways []string, broker string) (*fleet.Real, error) {
				return dialStarted(ctx, g, cfg, gateways, broker)
			}
		}
	}
	p, err := open(dial, cfg, strings.Split(o.gateway, ","), o.broker)
	if wrong := new(lines.TargetError); errors.As(err, &wrong) {
		return nil, nil, err
	}
	if err != nil {
		return nil, nil, fmt.Errorf("%w: start the gateway and its broker, or name others with -gateway and -broker host:port", err)
	}
	stop := watch(env, o, p)
	err = p.Play(ctx)
	stop()
	r := report.Make(p.Fleet, s, o.seed, "in real time against "+o.gateway)
	r.Err = err
	t := p.Traffic()
	r.Counts = append(r.Counts, report.Count{Name: "datagrams that the simulator had no room for", N: t.Dropped},
		report.Count{Name: "datagrams that the gateway had no room for", N: t.Overrun})
	if t.Handshakes+t.HandshakesFailed > 0 {
		r.Counts = append(r.Counts, report.Count{Name: "DTLS handshakes", N: t.Handshakes}, report.Count{Name: "DTLS handshakes that resumed a session", N: t.Resumed},
			report.Count{Name: "DTLS handshakes that came to nothing", N: t.HandshakesFailed})
	}
	if t.Noise > 0 {
		r.Counts = append(r.Counts, report.Count{Name: "pieces of what a serial line brought that are no frame", N: t.Noise})
	}
	if t.Lost > 0 {
		r.Counts = append(r.Counts, report.Count{Name: "times that a serial line went away", N: t.Lost},
			report.Count{Name: "times that it was opened again", N: t.Reopened})
	}
	return p.Fleet, r, nil
}

// dialStarted is fleet.Dial, to a gateway that was just started and may not listen yet.
func dialStarted(ctx context.Context, g *restart.Gateway, cfg fleet.Config, gateways []string, broker string) (*fleet.Real, error) {
	for {
		p, err := fleet.Dial(ctx, cfg, gateways, broker)
		if err == nil {
			return p, nil
		}
		if ended := g.Err(); ended != nil {
			return nil, ended
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: are -gateway and -broker those that restart.start begins?", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// watch shows the run until stop is called, which waits for its goroutine.
func watch(env cli.Env, o options, p *fleet.Real) (stop func()) {
	if o.quiet {
		return func() {}
	}
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		v := live.New(env.Stderr, os.Getenv)
		tick := time.NewTicker(live.Often)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				p.Turn(v.Show)
			}
		}
	}()
	return func() {
		close(quit)
		<-ended
	}
}

// virtual plays in memory. What names the run there is the seed, so that two
// runs with one seed do not differ.
func virtual(ctx context.Context, env cli.Env, o options, s *scenario.Scenario) (*fleet.Fleet, *report.Run, error) {
	if s.Restart.Wanted() {
		return nil, nil, errors.New("restart is for a gateway on the network: leave -virtual out, or [restart]")
	}
	cfg := fleet.Config{Scenario: s, Seed: o.seed, Run: fmt.Sprintf("seed%d", o.seed), Prefix: o.prefix, Gateways: len(strings.Split(o.gateway, ","))}
	p := fleet.NewVirtual(cfg, nil)
	show := func(*fleet.Fleet) {}
	if !o.quiet {
		v, last := live.New(env.Stderr, os.Getenv), time.Now()
		show = func(f *fleet.Fleet) {
			if time.Since(last) > live.Often {
				v.Show(f)
				last = time.Now()
			}
		}
	}
	err := p.Play(ctx, show)
	r := report.Make(p.Fleet, s, o.seed, "in virtual time")
	r.Err = err
	return p.Fleet, r, nil
}
