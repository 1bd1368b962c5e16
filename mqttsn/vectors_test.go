package mqttsn

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A vector is one line of a file in testdata: columns between '|'.
type vector struct {
	file    string
	id      string
	section string
	wire    []byte
	rest    []string // the columns after the octets
}

var vectorFiles = []string{
	"short.txt", "long.txt", "lenient.txt", "rejected.txt",
	"encapsulated.txt", "encapsulated_rejected.txt",
}

func load(t testing.TB, files ...string) []vector {
	t.Helper()
	var vs []vector
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range strings.Split(string(text), "\n") {
			if row == "" || row[0] == '#' {
				continue
			}
			columns := strings.Split(row, "|")
			for i, c := range columns {
				columns[i] = strings.TrimSpace(c)
			}
			name := strings.Fields(columns[0])
			if len(columns) < 3 || len(name) != 2 {
				t.Fatalf("%s:%d: want id, section and at least three columns", file, i+1)
			}
			wire, err := parseOctets(columns[1])
			if err != nil {
				t.Fatalf("%s:%d: %v", file, i+1, err)
			}
			vs = append(vs, vector{file, name[0], name[1], wire, columns[2:]})
		}
	}
	if len(vs) == 0 {
		t.Fatal("no vectors")
	}
	return vs
}

// each runs f as a subtest for every vector of the files.
func each(t *testing.T, f func(t *testing.T, v vector), files ...string) {
	t.Helper()
	for _, v := range load(t, files...) {
		t.Run(v.id, func(t *testing.T) { f(t, v) })
	}
}

func TestVectorsAreComplete(t *testing.T) {
	seen := make(map[string]bool)
	types := make(map[MsgType]bool)
	for _, v := range load(t, vectorFiles...) {
		if seen[v.id] {
			t.Errorf("%s occurs twice", v.id)
		}
		seen[v.id] = true
		if v.file == "short.txt" {
			types[MsgType(v.wire[1])] = true
		}
		// M02 is several lines, M02a and so on.
		if strings.HasPrefix(v.id, "M") {
			seen[strings.TrimRight(v.id, "abcdef")] = true
		}
	}
	for i := 1; i <= 71; i++ {
		if id := fmt.Sprintf("V%02d", i); !seen[id] {
			t.Errorf("%s is missing", id)
		}
	}
	for i := 1; i <= 32; i++ {
		if id := fmt.Sprintf("M%02d", i); !seen[id] {
			t.Errorf("%s is missing", id)
		}
	}
	for typ, slot := range slots {
		if slot != nil && !types[MsgType(typ)] {
			t.Errorf("%v has no vector", MsgType(typ))
		}
	}
}
