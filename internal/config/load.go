package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
)

// Load reads a file over the defaults, and the environment (as os.Environ has it)
// over both, and validates the result. Without a file, "", it leaves that out. The
// error may be Problems.
func Load(file string, environ []string) (*Config, error) {
	if file == "" {
		return read("", "", environ)
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w (without -config the built-in defaults are used)", err)
	}
	if err != nil {
		return nil, err
	}
	return read(file, string(text), environ)
}

// Parse is Load for a text already read, without an environment; file is for
// messages.
func Parse(file, text string) (*Config, error) { return read(file, text, nil) }

func read(file, text string, environ []string) (*Config, error) {
	tree, err := parse(file, text)
	if err != nil {
		return nil, err
	}
	c := Default()
	c.src = &source{file: file, lines: scanLines(text), given: make(map[string]bool), variables: make(map[string]string)}
	b := binder{src: c.src}
	found, wrong := variables(environ)
	b.problems = append(wrong, overlay(tree, found, c.src)...)
	b.bind("", reflect.ValueOf(c).Elem(), tree)
	c.complete()
	// All can be told at once, but for what follows from a value that was
	// refused and is now something else.
	all := b.problems
	if err := c.Validate(); err != nil {
		for _, p := range err.(Problems) {
			if !b.problems.about(p.path) {
				all = append(all, p)
			}
		}
	}
	if err := all.err(); err != nil {
		return nil, err
	}
	return c, nil
}

// complete fills in the defaults that depend on other settings, and the files'
// folder.
func (c *Config) complete() {
	c.Auth.locate(filepath.Dir(c.src.file))
	c.Admin.locate(filepath.Dir(c.src.file))
	for i := range c.MQTT.Listeners {
		l, path := &c.MQTT.Listeners[i], element(keyMQTTListener, i)
		l.origin = c.src.origin(path)
		if !c.src.has(child(path, "address")) {
			if l.Type == "unix" {
				l.Address = nil // there is none to be assumed; Validate tells
			} else if port, ok := usualPorts[l.Type]; ok {
				l.Address = loopbacks(port)
			}
		}
		if !c.src.has(child(path, "allow_anonymous")) {
			// Behind a proxy on this machine may be everybody.
			l.AllowAnonymous = l.Type == "unix" || l.Address.local() && len(l.ProxyProtocolFrom) == 0
		}
	}
	for i := range c.MQTTSN.Listeners {
		l, path := &c.MQTTSN.Listeners[i], element(keyMQTTSNListener, i)
		l.origin = c.src.origin(path)
		if port, ok := usualPorts[l.Type]; ok && !c.src.has(child(path, "address")) {
			l.Address = loopbacks(port)
		}
		if l.Type == "serial" && !c.src.has(child(path, "advertise_interval")) {
			l.AdvertiseInterval = 0 // a radio's airtime is for whoever wants to spend it
		}
		if !c.src.has(child(path, "allow_anonymous")) {
			l.AllowAnonymous = l.local() && !l.AllowPlainAuth
		}
	}
}
