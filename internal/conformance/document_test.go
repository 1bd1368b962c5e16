package conformance

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"snbroker/internal/mqtt"
)

const document = "../../docs/mqtt-conformance.md"

// standard is one of the document's chapters.
type standard struct {
	heading string
	version mqtt.Version
	numbers string // file of all numbers that it defines
}

var standards = []standard{
	{"MQTT 3.1.1", mqtt.V311, "testdata/mqtt311.txt"},
	{"MQTT 5.0", mqtt.V5, "testdata/mqtt5.txt"},
}

// folders is where the packages are whose tests the document names.
var folders = map[string]string{
	"conformance": ".",
	"listener":    "../listener",
	"mqtt":        "../mqtt",
	"broker":      "../../broker",
	"auth":        "../auth",
}

// row is a statement of a table.
type row struct {
	line      int
	statement string
	says      string
	proofs    []string
	notYet    string
}

// chapter is what the document has of one standard.
type chapter struct {
	rows        []row
	clientsOnly []string
}

var (
	number   = regexp.MustCompile(`^MQTT-\d+(\.\d+)*-\d+$`)
	numberIn = regexp.MustCompile(`MQTT-[\d.]+-\d+`)
	testName = regexp.MustCompile("`([a-z]+\\.Test[^`]*)`")
)

const clientsOnly = "Concerns clients only: "

func readDocument(t *testing.T) map[string]*chapter {
	t.Helper()
	text, err := os.ReadFile(document)
	must(t, err)
	chapters := map[string]*chapter{}
	var now *chapter
	for i, line := range strings.Split(string(text), "\n") {
		if heading, ok := strings.CutPrefix(line, "## "); ok {
			now = &chapter{}
			chapters[heading] = now
			continue
		}
		if rest, ok := strings.CutPrefix(line, clientsOnly); ok {
			now.clientsOnly = numberIn.FindAllString(rest, -1)
			continue
		}
		if !strings.HasPrefix(line, "| MQTT-") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 3 || !number.MatchString(cells[0]) || cells[1] == "" {
			t.Errorf("line %d is no row: %s", i+1, line)
			continue
		}
		r := row{line: i + 1, statement: cells[0], says: cells[1]}
		r.notYet, _ = strings.CutPrefix(cells[2], "not yet: ")
		if r.notYet == cells[2] {
			r.notYet = ""
		}
		for _, m := range testName.FindAllStringSubmatch(cells[2], -1) {
			r.proofs = append(r.proofs, m[1])
		}
		now.rows = append(now.rows, r)
	}
	return chapters
}

// Every statement of each standard is in its table, or in the line of those for
// clients, and once.
func TestDocumentIsComplete(t *testing.T) {
	chapters := readDocument(t)
	for _, s := range standards {
		c := chapters[s.heading]
		if c == nil {
			t.Errorf("no chapter %s", s.heading)
			continue
		}
		text, err := os.ReadFile(s.numbers)
		must(t, err)
		all := strings.Fields(string(text))
		if !slices.IsSortedFunc(all, compareNumbers) || len(slices.Compact(slices.Clone(all))) != len(all) {
			t.Errorf("%s is not in order", s.numbers)
		}
		var listed []string
		for _, r := range c.rows {
			listed = append(listed, r.statement)
		}
		if !slices.IsSortedFunc(listed, compareNumbers) {
			t.Errorf("the table of %s is not in order", s.heading)
		}
		listed = append(listed, c.clientsOnly...)
		times := map[string]int{}
		for _, n := range listed {
			if times[n]++; times[n] == 2 {
				t.Errorf("%s: %s is listed twice", s.heading, n)
			}
			if !slices.Contains(all, n) {
				t.Errorf("%s does not define %s", s.heading, n)
			}
		}
		for _, n := range all {
			if times[n] == 0 {
				t.Errorf("%s: %s is missing", s.heading, n)
			}
		}
		notYet := 0
		for _, r := range c.rows {
			if r.notYet != "" {
				notYet++
			}
		}
		t.Logf("%s: %d statements, %d of them for servers, %d of those not met yet", s.heading, len(all), len(c.rows), notYet)
	}
}

// compareNumbers orders statements by chapter.
func compareNumbers(a, b string) int {
	parts := func(s string) (out []int) {
		for _, p := range strings.FieldsFunc(strings.TrimPrefix(s, "MQTT-"), func(r rune) bool { return r == '.' || r == '-' }) {
			n, _ := strconv.Atoi(p)
			out = append(out, n)
		}
		return out
	}
	return slices.Compare(parts(a), parts(b))
}

// Every test that the document names exists, those of this package under the
// number of their row; and every proof of this package is in the document.
func TestDocumentNamesTests(t *testing.T) {
	chapters := readDocument(t)
	named := map[string]bool{}
	packages := map[string]map[string]*ast.FuncDecl{}
	for name, folder := range folders {
		packages[name] = testsIn(t, folder)
	}
	for _, s := range standards {
		c := chapters[s.heading]
		if c == nil {
			continue // said already
		}
		for _, r := range c.rows {
			if (len(r.proofs) > 0) == (r.notYet != "") {
				t.Errorf("line %d: %s must be proved or not yet", r.line, r.statement)
			}
			for _, p := range r.proofs {
				named[p] = true
				pkg, test, _ := strings.Cut(p, ".")
				test, sub, hasSub := strings.Cut(test, "/")
				f := packages[pkg][test]
				if f == nil {
					t.Errorf("line %d: there is no test %s", r.line, p)
					continue
				}
				suite, isSuite := suites[test]
				switch {
				case pkg == "conformance" && isSuite:
					if suite.version != s.version || sub != r.statement || !slices.ContainsFunc(suite.proofs, func(p proof) bool { return p.statement == sub }) {
						t.Errorf("line %d: %s is no proof of %s", r.line, p, r.statement)
					}
				case hasSub && !mentions(f, sub):
					t.Errorf("line %d: %s has no %s", r.line, test, sub)
				}
			}
		}
	}
	for test, s := range suites {
		seen := map[string]bool{}
		for _, p := range s.proofs {
			name := "conformance." + test + "/" + p.statement
			if !number.MatchString(p.statement) || seen[p.statement] {
				t.Errorf("%s is twice, or no number", name)
			}
			seen[p.statement] = true
			if !named[name] {
				t.Errorf("the document does not name %s", name)
			}
		}
		if packages["conformance"][test] == nil {
			t.Errorf("%s is never run", test)
		}
	}
}

// testsIn returns the tests of a folder, by name.
func testsIn(t *testing.T, folder string) map[string]*ast.FuncDecl {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	must(t, err)
	out := map[string]*ast.FuncDecl{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		must(t, err)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				out[f.Name.Name] = f
			}
		}
	}
	return out
}

// mentions tells whether a test has a string that makes this subtest's name.
func mentions(f *ast.FuncDecl, sub string) (found bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			text, err := strconv.Unquote(lit.Value)
			found = found || err == nil && strings.ReplaceAll(text, " ", "_") == sub
		}
		return !found
	})
	return found
}
