package scenario

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

//go:embed shipped/*.toml
var shipped embed.FS

// Default is the scenario of a run that names none.
const Default = "default"

// Shipped are the names of the scenarios within the program, without .toml.
func Shipped() (all []string) {
	entries, _ := shipped.ReadDir("shipped") // it is in the program
	for _, e := range entries {
		all = append(all, strings.TrimSuffix(e.Name(), ".toml"))
	}
	return all
}

// Source is the text of a shipped scenario, or of a file. A name without a slash
// is looked for among the shipped ones first.
func Source(name string) (string, error) {
	plain := strings.TrimSuffix(name, ".toml")
	if b, err := shipped.ReadFile("shipped/" + plain + ".toml"); err == nil {
		return string(b), nil
	}
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no scenario %s: it is a file, or one of %s", name, strings.Join(Shipped(), ", "))
	}
	return string(b), err
}

// Load reads a shipped scenario or a file.
func Load(name string) (*Scenario, error) {
	text, err := Source(name)
	if err != nil {
		return nil, err
	}
	if !strings.HasSuffix(name, ".toml") {
		name += ".toml"
	}
	return Parse(name, text)
}

// Scale shares a number of devices out among the populations, at least one each.
func (s *Scenario) Scale(devices int) error {
	if devices < len(s.Populations) || devices > 4_000_000 {
		return fmt.Errorf("%s has %d populations: devices is from %d to 4000000", s.Name, len(s.Populations), len(s.Populations))
	}
	sum := 0.0
	for _, p := range s.Populations {
		sum += p.Share
	}
	s.Devices = devices
	left := devices - len(s.Populations)
	rest, weight := left, sum
	for i := range s.Populations {
		p := &s.Populations[i]
		part := int(float64(rest)*p.Share/weight + 0.5)
		p.Count = 1 + part
		rest -= part
		weight -= p.Share
	}
	return nil
}
