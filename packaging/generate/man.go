package main

import (
	"fmt"
	"strings"
)

// manual is texts as a man page (man(7)): a line that ends in ":" at the margin
// begins a section, all else is shown as it is.
func manual(name, section, about, version string, texts []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s %s \"\" \"snbroker %s\"\n.SH NAME\n%s \\- %s\n", strings.ToUpper(name), section, version, roff(name), roff(about))
	for i, text := range texts {
		title := "DESCRIPTION"
		if i > 0 {
			title = "MORE"
		}
		verbatim(&b, title, text)
	}
	b.WriteString(".SH SEE ALSO\n.BR snbroker (1),\n.BR firmware\\-sim (1),\n.BR snbroker\\-config (5),\n/usr/share/doc/snbroker\n")
	return b.String()
}

func verbatim(b *strings.Builder, title, text string) {
	fmt.Fprintf(b, ".SH %s\n.nf\n", title)
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		line = strings.TrimRight(strings.ReplaceAll(line, "\t", "    "), "\n")
		if head, ok := strings.CutSuffix(line, ":"); ok && head != "" && !strings.ContainsAny(head, " #") {
			fmt.Fprintf(b, ".fi\n.SH %s\n.nf\n", strings.ToUpper(roff(head)))
			continue
		}
		b.WriteString(roff(line) + "\n")
	}
	b.WriteString(".fi\n")
}

var marks = strings.NewReplacer(`\`, `\e`, "-", `\-`)

// roff guards what means something else to man(7).
func roff(line string) string {
	line = marks.Replace(line)
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		line = `\&` + line
	}
	return line
}
