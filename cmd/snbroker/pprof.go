package main

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
)

// servePprof serves profiles at an address until stop. The handlers are named
// one by one: importing them for their effect would put them on a server of
// somebody else's, too.
func servePprof(address string, log *slog.Logger) (stop func(), err error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("SNBROKER_PPROF: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := &http.Server{Handler: mux}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(l) // http.ErrServerClosed: stop was called
	}()
	log.Warn("serving profiles to whoever can reach this address", "url", fmt.Sprintf("http://%s/debug/pprof/", l.Addr()))
	return func() {
		server.Close()
		<-ended
	}, nil
}
