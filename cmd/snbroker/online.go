package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"snbroker/internal/admin"
	"snbroker/internal/config"
)

const onlineHelp = `Usage:
  snbroker clients [-search TEXT] [-kind K] [-state S]   who has a session
  snbroker kick ID ...                                   disconnect clients
  snbroker topics [PREFIX/]                              retained messages
  snbroker trace [-client ID] [-topic FILTER] [-address ADDRESS] [-hex | -pcapng]
                                                         packets, as they pass

They ask a running snbroker at its admin address.

  -admin URL     where that is; http://127.0.0.1:8080 by default
  -ca FILE       with https: the authority, or the certificate itself, in PEM
  -user NAME     log in, with the password in SNBROKER_ADMIN_PASSWORD

  -search TEXT   only clients with TEXT in their ClientID
  -kind K        "device" or "program"
  -state S       "connected", "connecting", "active", "asleep", "awake" or "offline"

  -client ID     packets of this client alone
  -topic FILTER  packets about topics that fit
  -address A     packets of this address, with or without its port
  -hex           with the octets; passwords are blotted out
  -pcapng        for Wireshark:
                   snbroker trace -pcapng | wireshark -k -i -
                 choose "Decode As" MQTT-SN for UDP port 1883 there

Examples:
  snbroker clients -kind device -state asleep
  snbroker trace -client boiler-7
  snbroker trace -pcapng > trace.pcapng &
  tshark -r trace.pcapng -d udp.port==1883,mqttsn

Exit codes: 0 done, 1 failed, 2 wrong usage.
`

// online is a command that asks a running program.
type online struct {
	url, user, password string
	client              *http.Client
	out, notes          io.Writer
}

// onlineCommands are by their names; each adds its flags and returns what runs
// once they are parsed.
var onlineCommands = map[string]func(*flag.FlagSet) func(o *online, args []string) error{
	"clients": listClients, "kick": kickClients, "topics": listTopics, "trace": traceClients,
}

func runOnline(name string, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	o := &online{client: http.DefaultClient, out: stdout, notes: stderr, password: os.Getenv("SNBROKER_ADMIN_PASSWORD")}
	flags.StringVar(&o.url, "admin", "http://"+config.Default().Admin.Address, "")
	flags.StringVar(&o.user, "user", "", "")
	ca := flags.String("ca", "", "")
	command := onlineCommands[name](flags)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, onlineHelp)
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "snbroker: %v\nsnbroker %s -help tells what there is.\n", err, name)
		return exitUsage
	}
	if !strings.Contains(o.url, "://") {
		o.url = "http://" + o.url
	}
	err := o.trust(*ca)
	if err == nil {
		err = command(o, flags.Args())
	}
	if err != nil {
		fmt.Fprintf(stderr, "snbroker: %v\n", err)
		if errors.Is(err, errUsage) {
			return exitUsage
		}
		return exitFailed
	}
	return exitOK
}

var errUsage = errors.New("wrong usage")

// trust has the program prove who it is by what is in a file, beside the system's
// authorities.
func (o *online) trust(file string) error {
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("-ca: %w", err)
	}
	known, err := x509.SystemCertPool()
	if err != nil {
		known = x509.NewCertPool() // a machine without any
	}
	if !known.AppendCertsFromPEM(text) {
		return fmt.Errorf("-ca: %s has no certificate in PEM", file)
	}
	o.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: known}}}
	return nil
}

// ask sends a request; the caller closes the answer's body.
func (o *online) ask(method, path string, query url.Values, body any) (*http.Response, error) {
	var text bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&text).Encode(body); err != nil {
			return nil, err
		}
	}
	r, err := http.NewRequest(method, strings.TrimSuffix(o.url, "/")+path+"?"+query.Encode(), &text)
	if err != nil {
		return nil, err
	}
	if o.user != "" {
		r.SetBasicAuth(o.user, o.password)
	}
	got, err := o.client.Do(r)
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &untrusted):
		return nil, fmt.Errorf("%w: -ca FILE names the authority of the program's certificate", err)
	case err != nil:
		return nil, fmt.Errorf("%w: is snbroker running, with its admin address there (-admin)?", err)
	}
	if got.StatusCode < 300 {
		return got, nil
	}
	defer got.Body.Close()
	var p admin.Problem
	_ = json.NewDecoder(got.Body).Decode(&p) // else the status tells
	switch {
	case got.StatusCode == http.StatusUnauthorized && o.user == "":
		return nil, errors.New("a login is needed: -user NAME, and the password in SNBROKER_ADMIN_PASSWORD")
	case p.Error != "":
		return nil, errors.New(p.Error)
	}
	return nil, fmt.Errorf("%s is answered with %s", o.url+path, got.Status)
}

func (o *online) get(path string, query url.Values, into any) error {
	got, err := o.ask("GET", path, query, nil)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	return json.NewDecoder(got.Body).Decode(into)
}
