package main

import (
	"regexp"
	"strings"
)

var (
	setting = regexp.MustCompile(`^#?([a-z0-9_]+) = (.*)$`)
	table   = regexp.MustCompile(`^#?(\[.*\])$`)
)

// reference is config.toml as a page: a part for each table, a row for each key.
func reference(text string) string {
	text, presets, _ := strings.Cut(text, "\n# Presets.")
	p := page{}
	p.line("# Every setting")
	p.line("")
	p.line("This page is made from [config.toml](../config.toml) by `make docs`. A value in")
	p.line("parentheses is an example: without the setting there is nothing. A variable of")
	p.line("the environment can stand for each of them: see [environment.md](environment.md).")
	for line := range strings.Lines(text) {
		p.read(strings.TrimRight(line, "\n"))
	}
	p.line("")
	p.line("## Presets")
	p.line("")
	p.line("```toml")
	for line := range strings.Lines(strings.TrimSpace("# Presets." + presets)) {
		p.line(strings.TrimRight(line, "\n"))
	}
	p.line("```")
	return p.b.String()
}

type page struct {
	b     strings.Builder
	words []string // comments that belong to what follows
	rows  bool     // within a part's rows
}

func (p *page) line(s string) { p.b.WriteString(s + "\n") }

func (p *page) read(line string) {
	if m := table.FindStringSubmatch(line); m != nil {
		p.line("")
		p.line("## `" + m[1] + "`")
		p.say()
		p.rows = false
		return
	}
	if m := setting.FindStringSubmatch(line); m != nil {
		if !p.rows {
			p.line("")
			p.line("| key | default | |")
			p.line("|---|---|---|")
			p.rows = true
		}
		value := "`" + m[2] + "`"
		if example(m[2], line[0] == '#') {
			value = "(" + value + ")"
		}
		p.line("| `" + m[1] + "` | " + value + " | " + strings.ReplaceAll(strings.Join(p.words, " "), "|", `\|`) + " |")
		p.words = nil
		return
	}
	comment := strings.TrimPrefix(strings.TrimPrefix(line, "#"), " ")
	switch {
	case strings.HasPrefix(comment, "---"):
		p.words = nil
	case line == "" && !p.rows && len(p.words) == 0:
	case strings.HasPrefix(line, "#"):
		p.words = append(p.words, comment)
	}
}

// say prints the words that came before a table as a paragraph of their own.
func (p *page) say() {
	if len(p.words) > 0 {
		p.line("")
	}
	for _, w := range p.words {
		p.line(w)
	}
	p.words = nil
}

// shown are the values that config.toml has as examples, not as defaults.
var shown = regexp.MustCompile(`\.(crt|key|crl)"|EXAMPLE|example|^"(passwords|acl|keys|scram)"|10\.0\.0\.0|225\.1|eth0|temperature`)

func example(value string, commented bool) bool { return commented && shown.MatchString(value) }
