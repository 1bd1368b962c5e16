// Generate makes what packages need from this source's own words: man pages from
// the programs' help texts, the reference of settings from config.toml, and the
// config.toml that a package installs. It is run from the module's root.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	out := flag.String("out", "", "folder for man pages and config.toml")
	docs := flag.String("docs", "", "folder for configuration.md")
	version := flag.String("version", "", "version named in the man pages")
	flag.Parse()
	if err := generate(*out, *docs, *version); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate(out, docs, version string) error {
	settings, err := os.ReadFile("config.toml")
	if err != nil {
		return err
	}
	if docs != "" {
		if err := os.WriteFile(filepath.Join(docs, "configuration.md"), []byte(reference(string(settings))), 0o644); err != nil {
			return err
		}
	}
	if out == "" {
		return nil
	}
	programs, err := os.MkdirTemp("", "generate")
	if err != nil {
		return err
	}
	defer os.RemoveAll(programs)
	if said, err := exec.Command("go", "build", "-o", programs, "./cmd/snbroker", "./firmware-sim").CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, said)
	}
	broker, err := helps(filepath.Join(programs, "snbroker"), []string{"help"}, []string{"trace", "-help"},
		[]string{"store", "-help"}, []string{"passwd", "-help"}, []string{"import", "-help"})
	if err != nil {
		return err
	}
	sim, err := helps(filepath.Join(programs, "firmware-sim"), []string{"help"}, []string{"run", "--help"}, []string{"list", "--help"},
		[]string{"pub", "--help"}, []string{"sub", "--help"}, []string{"ping", "--help"}, []string{"discover", "--help"}, []string{"decode", "--help"})
	if err != nil {
		return err
	}
	packaged, err := packageSettings(string(settings))
	if err != nil {
		return err
	}
	for name, text := range map[string]string{
		"snbroker.1":        manual("snbroker", "1", "MQTT-SN gateway and MQTT broker", version, broker),
		"firmware-sim.1":    manual("firmware-sim", "1", "fleets of MQTT-SN devices", version, sim),
		"snbroker-config.5": manual("snbroker-config", "5", "the settings of snbroker", version, []string{string(settings)}),
		"config.toml":       packaged,
	} {
		if err := os.WriteFile(filepath.Join(out, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// helps asks a program for its help texts.
func helps(program string, ways ...[]string) (texts []string, err error) {
	for _, args := range ways {
		text, err := exec.Command(program, args...).Output()
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", filepath.Base(program), strings.Join(args, " "), err)
		}
		texts = append(texts, string(text))
	}
	return texts, nil
}

// packageSettings is config.toml with what a service has to have otherwise: its
// data where it may write, and no allow_anonymous = true that would stay in force
// when somebody widens an address.
func packageSettings(text string) (string, error) {
	for _, change := range []struct {
		from, to string
		times    int
	}{
		{"\npath = \"data\"\n", "\npath = \"/var/lib/snbroker\"\n", 1},
		{"\nallow_anonymous = true\n", "\n#allow_anonymous = true\n", 2},
		{"snbroker -config config.toml          runs with it", "systemctl reload snbroker             reads it again", 1},
		{"check -config config.toml    tells", "check -config /etc/snbroker/config.toml    tells", 1},
		{"runs: docs/reload.md.\n", "runs: docs/reload.md.\n# What is in docs/ here is in /usr/share/doc/snbroker/.\n", 1},
	} {
		if n := strings.Count(text, change.from); n != change.times {
			return "", fmt.Errorf("config.toml has %d times %q, want %d", n, change.from, change.times)
		}
		text = strings.ReplaceAll(text, change.from, change.to)
	}
	return text, nil
}
