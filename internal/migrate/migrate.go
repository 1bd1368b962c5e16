// Package migrate makes a config.toml of what other programs were configured with:
// Mosquitto, RSMB, and Paho's MQTT-SN gateway. What it cannot take over is named,
// with the reason.
package migrate

import (
	"fmt"
	"path/filepath"
	"strings"
)

// maxFiles bounds what include_dir leads to.
const maxFiles = 1000

// Files is where settings are read from.
type Files struct {
	Read func(name string) ([]byte, error)
	// List names the *.conf files in a folder, sorted, with the folder.
	List func(folder string) ([]string, error)
}

// Import reads files, of one program, and returns a config.toml. What kind a file
// is, its name and its first setting tell: predefinedTopic.conf and clients.conf are
// Paho's, and so is a file of KEY=VALUE lines.
func Import(names []string, f Files) (string, error) {
	s := &settings{}
	m := mosquitto{settings: s, files: f}
	p := paho{settings: s}
	for _, name := range names {
		text, err := f.Read(name)
		if err != nil {
			return "", err
		}
		base := strings.ToLower(filepath.Base(name))
		switch {
		case strings.Contains(base, "predefined"):
			p.predefined(name, string(text))
		case strings.Contains(base, "clients"):
			p.clients(name, string(text))
		case isPaho(string(text)):
			p.gateway(name, string(text))
		default:
			if err := m.read(name, string(text)); err != nil {
				return "", err
			}
		}
	}
	m.finish()
	p.finish()
	return s.String(), nil
}

// source is a line of a file that is read.
type source struct {
	file string
	line int
	text string
}

func (s source) String() string {
	return printable(fmt.Sprintf("%s:%d", filepath.Base(s.file), s.line))
}

// lines are those that say something.
func lines(file, text string) (all []source) {
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, source{file, i + 1, line})
		}
	}
	return all
}
