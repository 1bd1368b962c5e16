package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The page of all settings is as make docs would write it.
func TestReferenceIsNew(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command("go", "run", "./packaging/generate", "-docs", dir)
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if read(t, filepath.Join(dir, "configuration.md")) != read(t, "../docs/configuration.md") {
		t.Error("docs/configuration.md is old: make docs writes it anew")
	}
}

// Completions know each subcommand.
func TestCompletionsAreWhole(t *testing.T) {
	for program, files := range map[string][]string{
		"./cmd/snbroker": {"snbroker.bash", "_snbroker", "snbroker.fish"},
		"./firmware-sim": {"firmware-sim.bash", "_firmware-sim", "firmware-sim.fish"},
	} {
		cmd := exec.Command("go", "run", program, "help")
		cmd.Dir = ".."
		help, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		verbs := regexp.MustCompile(`(?m)^  (?:snbroker )?([a-z]+)(?: |$)`).FindAllStringSubmatch(string(help), -1)
		for _, several := range regexp.MustCompile(`(?m)^  snbroker ([a-z]+(?:\|[a-z]+)+)$`).FindAllStringSubmatch(string(help), -1) {
			for _, verb := range strings.Split(several[1], "|") {
				verbs = append(verbs, []string{"", verb})
			}
		}
		n := 0
		for _, verb := range verbs {
			if verb[1] == "snbroker" || verb[1] == "firmware" {
				continue
			}
			n++
			for _, f := range files {
				if !regexp.MustCompile(`\b` + verb[1] + `\b`).MatchString(read(t, filepath.Join("completions", f))) {
					t.Errorf("%s does not know %s", f, verb[1])
				}
			}
		}
		if n < 5 {
			t.Errorf("%s: found %d subcommands in its help", program, n)
		}
	}
}

// Relative links between documents lead somewhere, and what they say of settings
// names settings that there are.
func TestDocuments(t *testing.T) {
	documents, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range append(documents, "../README.md", "../ARCHITECTURE.md") {
		for _, m := range regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`).FindAllStringSubmatch(read(t, d), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(d), m[1])); err != nil {
				t.Errorf("%s: a link to %s leads nowhere", d, m[1])
			}
		}
	}
}

// Each block of settings in the documents is one that the program takes.
func TestSettingsInDocuments(t *testing.T) {
	bin := filepath.Join(t.TempDir(), "snbroker")
	cmd := exec.Command("go", "build", "-o", bin, "./cmd/snbroker")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	documents, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, d := range documents {
		if filepath.Base(d) == "configuration.md" { // checked as the shipped file
			continue
		}
		for _, m := range regexp.MustCompile("(?s)```toml\n(.*?)```").FindAllStringSubmatch(read(t, d), -1) {
			n++
			file := filepath.Join(t.TempDir(), "config.toml")
			if err := os.WriteFile(file, []byte(m[1]), 0o600); err != nil {
				t.Fatal(err)
			}
			out, _ := exec.Command(bin, "config", "-config", file).CombinedOutput()
			if problems := strings.TrimSpace(string(out)); strings.Contains(problems, file) && strings.HasPrefix(problems, file) {
				t.Errorf("%s:\n%s\n%s", d, m[1], problems)
			}
		}
	}
	if n == 0 {
		t.Error("no document has settings")
	}
}
