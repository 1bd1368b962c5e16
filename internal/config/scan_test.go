package config

import (
	"maps"
	"testing"
)

func TestScanLines(t *testing.T) {
	const text = `# [not.a.table]
a = 1 # b = 2
"quoted key" = "# no comment"
list = [ # several
	"x]", 'y"', # [z]
	"""
] = """,
]

[ t . "u.v" ]
w.x = { y = "}", z = [1, 2] }
many = '''
[no]
no = 1'''
esc = "a\"b\\"

[[l]]
k = 1
[l.sub]
k = 2
[[l]]
k = 3
[l.sub]
k = 4
end = """four""""
last = true`
	want := map[string]int{
		"a": 2, `"quoted key"`: 3, "list": 4,
		`t."u.v"`: 10, `t."u.v".w`: 11, `t."u.v".w.x`: 11, `t."u.v".many`: 12, `t."u.v".esc`: 15,
		"l[0]": 17, "l[0].k": 18, "l[0].sub": 19, "l[0].sub.k": 20,
		"l[1]": 21, "l[1].k": 22, "l[1].sub": 23, "l[1].sub.k": 24, "l[1].sub.end": 25, "l[1].sub.last": 26,
	}
	if _, err := parse("t", text); err != nil {
		t.Fatal(err)
	}
	if got := scanLines(text); !maps.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestLineOfWhatIsAround(t *testing.T) {
	s := &source{lines: map[string]int{"a": 1, "a.l": 2, "a.l[1]": 3}}
	for path, want := range map[string]int{"a.l[1].x.y": 3, "a.l[0].x": 2, "a.m": 1, "b": 0, "": 0} {
		if got := s.line(path); got != want {
			t.Errorf("%s: got %d, want %d", path, got, want)
		}
	}
}
