// Package layers holds nothing but the test that imports point down.
package layers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "snbroker"

// layers lists the packages that stand beside each other; the first layer is on
// top. A package may import from the layers below its own, and beside it what
// beside names. A name stands for its subpackages too.
var layers = [][]string{
	{"cmd", "firmware-sim", "internal/sidebyside", "packaging"},
	{"internal/admin", "internal/config", "internal/listener", "internal/sys", "gateway"},
	{"broker", "mapping", "transport", "internal/auth"},
	{"internal/mqtt", "mqttsn", "internal/store", "internal/tap", "internal/migrate"},
}

// beside are the imports within a layer that are meant.
var beside = []struct{ from, to, why string }{
	{"internal/config", "internal/listener", "its settings fill in the listener's Config"},
	{"internal/config", "gateway", "its settings fill in the gateway's Config"},
	{"internal/admin", "internal/config", "it shows the settings"},
	{"internal/admin", "internal/listener", "it shows the counts"},
	{"internal/admin", "gateway", "it shows the counts"},
}

// rule says more of a package, and of its subpackages, than its layer does.
type rule struct {
	from  string
	never []string // not even through others
	// only, if not nil, is all of the module that it may import itself.
	only []string
	// foreign, if not nil, is all from other modules that it may import.
	foreign []string
	why     string
	instead string
}

var none = []string{}

var rules = []rule{
	{from: "internal/migrate", only: []string{}, foreign: none,
		why:     "it turns text into text; what the result is worth, internal/config tells",
		instead: "have cmd combine the two"},
	{from: "packaging", only: []string{}, foreign: none,
		why:     "packages are made of what the programs say and of files",
		instead: "run the program, or read the file"},
	{from: "gateway", never: []string{"internal/listener"},
		why:     "the MQTT-SN side must work without the MQTT side, and with another broker behind it",
		instead: "go through gateway's Backend, or move what both need into broker or a package below"},
	{from: "internal/listener", never: []string{"gateway"},
		why:     "the MQTT side must work without the MQTT-SN side",
		instead: "move what both need into broker or a package below"},
	{from: "broker", never: []string{"gateway", "internal/listener", "transport", "mqttsn"},
		why:     "the core serves both protocols and knows no socket and no MQTT-SN",
		instead: "have broker declare an interface, or a plain value, that the upper layer fills in"},
	{from: "mqttsn", only: []string{"mqttsn"}, foreign: none,
		why:     "the codec is for other programs too: bytes to messages, no I/O, nothing to install",
		instead: "pass in what it needs as plain values"},
	{from: "mqttsn/client", only: []string{"mqttsn"}, foreign: none,
		why:     "the client is for other programs too, and an independent peer of the gateway",
		instead: "use mqttsn alone, and let the program that uses the client do the I/O"},
	{from: "transport", only: []string{"transport"}, foreign: []string{"golang.org/x/sys", "github.com/tarm/serial", "github.com/pion/dtls/v3", "github.com/pion/logging"},
		why:     "links carry datagrams and do not look into them",
		instead: "pass octets and addresses, and decode in gateway"},
	{from: "mapping", only: []string{"mapping", "mqttsn", "internal/mqtt"}, foreign: none,
		why:     "topic ids and names are pure data",
		instead: "let gateway combine mapping with the rest"},
	{from: "internal/mqtt", only: []string{"internal/mqtt"}, foreign: none,
		why:     "the codec is the bottom: bytes to packets, no I/O",
		instead: "pass in what it needs as plain values"},
	{from: "internal/tap", only: none, foreign: none,
		why:     "it shows octets and knows no protocol's packets",
		instead: "have whoever shows a packet fill in what it is about"},
	{from: "firmware-sim", never: []string{"gateway", "broker", "internal"}, only: []string{"firmware-sim", "mqttsn", "transport"},
		why:     "the simulator judges the gateway, so it must not share its code",
		instead: "use mqttsn, mqttsn/client and transport, or write it anew"},
}

// drivers are foreign packages that only these of transport may import: those for
// the system's sockets, and those for cryptography that is not ours to write.
var drivers = map[string][]string{
	"golang.org/x/sys":       {"transport/udp", "transport/serial"},
	"github.com/tarm/serial": {"transport/serial"}, // opens serial devices; what it lacks is done beside it
	"github.com/pion":        {"transport/dtls"},
}

// graph is who imports what: paths without the module's name, other modules'
// in full, the standard library left out.
type graph map[string][]string

func TestImportsPointDown(t *testing.T) {
	for _, goos := range []string{"linux", "darwin", "windows"} {
		t.Run(goos, func(t *testing.T) {
			for _, wrong := range check(load(t, goos)) {
				t.Error(wrong)
			}
		})
	}
}

// load asks the go command for what the program is made of on goos.
func load(t *testing.T, goos string) graph {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-deps", "-json=ImportPath,Standard,GoFiles,Imports", "./...")
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			t.Fatalf("go list: %s", failed.Stderr)
		}
		t.Fatal(err)
	}
	standard := map[string]bool{"C": true, "unsafe": true}
	imports := make(map[string][]string)
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Standard   bool
			GoFiles    []string
			Imports    []string
		}
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		standard[p.ImportPath] = p.Standard
		if !p.Standard && len(p.GoFiles) > 0 { // tests may stand anywhere
			imports[p.ImportPath] = p.Imports
		}
	}
	g := make(graph)
	for path, to := range imports {
		if path != module && !strings.HasPrefix(path, module+"/") {
			continue // what other modules import is theirs
		}
		own := []string{}
		for _, i := range to {
			if !standard[i] {
				own = append(own, strings.TrimPrefix(i, module+"/"))
			}
		}
		g[strings.TrimPrefix(path, module+"/")] = own
	}
	if len(g) < 5 {
		t.Fatalf("go list found only %v", slices.Sorted(maps.Keys(g)))
	}
	return g
}

// in tells whether path is name or below it.
func in(path, name string) bool { return path == name || strings.HasPrefix(path, name+"/") }

func inAny(path string, names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return in(path, n) })
}

func layerOf(path string) int {
	return slices.IndexFunc(layers, func(l []string) bool { return inAny(path, l) })
}

// foreign tells whether an import is another module's.
func (g graph) foreign(path string) bool {
	_, ours := g[path]
	return !ours && layerOf(path) < 0
}

// check returns what is wrong, a line each.
func check(g graph) (wrong []string) {
	note := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	for _, from := range slices.Sorted(maps.Keys(g)) {
		mine := layerOf(from)
		if mine < 0 {
			note("%s has no layer: put it into the table of this test, as low as its imports allow", from)
			continue
		}
		for _, to := range g[from] {
			if g.foreign(to) {
				continue
			}
			if theirs := layerOf(to); theirs < mine {
				note("%s imports %s, which stands above it: imports point down, so that a layer can be understood and tested without those above it; "+
					"move what it needs down, or have it declare an interface that the upper one fulfils", from, to)
			} else if theirs == mine && !sameHouse(from, to) && !meant(from, to) {
				note("%s imports %s, which stands beside it: only what the table of this test names may; move what both need down", from, to)
			}
		}
		for _, r := range rules {
			if in(from, r.from) {
				for _, broken := range r.broken(g, from) {
					note("%s: %s; %s", broken, r.why, r.instead)
				}
			}
		}
		for _, to := range g[from] {
			for driver, users := range drivers {
				if in(to, driver) && in(from, "transport") && !inAny(from, users) {
					note("%s imports %s: only %s may; go through it, or use the standard library", from, to, strings.Join(users, ", "))
				}
			}
		}
	}
	return wrong
}

// sameHouse tells whether two packages are parts of one entry of layers.
func sameHouse(a, b string) bool {
	for _, l := range layers {
		for _, name := range l {
			if in(a, name) && in(b, name) {
				return true
			}
		}
	}
	return false
}

func meant(from, to string) bool {
	for _, b := range beside {
		if in(from, b.from) && in(to, b.to) {
			return true
		}
	}
	return false
}

func (r *rule) broken(g graph, from string) (how []string) {
	for _, to := range g[from] {
		switch foreign := g.foreign(to); {
		case foreign && r.foreign != nil && !inAny(to, r.foreign):
			how = append(how, fmt.Sprintf("%s imports %s of another module", from, to))
		case !foreign && r.only != nil && !inAny(to, r.only):
			how = append(how, fmt.Sprintf("%s imports %s, which is not among %s", from, to, strings.Join(append([]string{"the standard library"}, r.only...), ", ")))
		}
	}
	for _, name := range r.never {
		if path := g.path(from, name); path != nil {
			how = append(how, fmt.Sprintf("%s must never reach %s, but does: %s", from, name, strings.Join(path, " -> ")))
		}
	}
	return how
}

// path is a way from a package to name or what is below it; nil: there is none.
func (g graph) path(from, name string) []string {
	came := map[string]string{from: ""}
	for front := []string{from}; len(front) > 0; {
		at := front[0]
		front = front[1:]
		for _, to := range g[at] {
			if _, been := came[to]; been {
				continue
			}
			came[to] = at
			front = append(front, to)
			if in(to, name) {
				way := []string{to}
				for back := at; back != ""; back = came[back] {
					way = append(way, back)
				}
				slices.Reverse(way)
				return way
			}
		}
	}
	return nil
}

// Every rule is broken once, and must say so.
func TestRulesCatch(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"gateway", "internal/listener", "gateway must never reach internal/listener, but does: gateway -> internal/listener"},
		{"internal/listener", "gateway", "internal/listener must never reach gateway"},
		{"broker", "gateway", "broker must never reach gateway"},
		{"broker", "internal/listener", "broker must never reach internal/listener"},
		{"broker", "transport/udp", "broker must never reach transport, but does: broker -> transport/udp"},
		{"broker", "mqttsn", "broker must never reach mqttsn"},
		{"broker", "mapping", "broker must never reach mqttsn, but does: broker -> mapping -> mqttsn"},
		{"broker", "cmd/snbroker", "broker imports cmd/snbroker, which stands above it"},
		{"mqttsn", "transport", "mqttsn imports transport, which is not among the standard library"},
		{"mqttsn", "golang.org/x/sys/unix", "mqttsn imports golang.org/x/sys/unix of another module"},
		{"mqttsn/client", "internal/mqtt", "mqttsn/client imports internal/mqtt, which is not among"},
		{"mqttsn/client", "example.org/x", "mqttsn/client imports example.org/x of another module"},
		{"transport", "mqttsn", "transport imports mqttsn, which is not among"},
		{"transport/udp", "example.org/x", "transport/udp imports example.org/x of another module"},
		{"transport/memnet", "golang.org/x/sys/unix", "only transport/udp, transport/serial may"},
		{"transport/udp", "github.com/tarm/serial", "only transport/serial may"},
		{"transport/udp", "github.com/pion/dtls/v3", "only transport/dtls may"},
		{"mapping", "broker", "mapping imports broker, which is not among"},
		{"mapping", "broker", "mapping imports broker, which stands beside it"},
		{"mapping", "internal/store", "mapping imports internal/store, which is not among"},
		{"internal/mqtt", "mqttsn", "internal/mqtt imports mqttsn, which is not among the standard library"},
		{"internal/mqtt", "example.org/x", "internal/mqtt imports example.org/x of another module"},
		{"internal/store", "broker", "internal/store imports broker, which stands above it"},
		{"firmware-sim", "gateway", "firmware-sim must never reach gateway"},
		{"firmware-sim/internal/pub", "broker", "firmware-sim/internal/pub must never reach broker"},
		{"firmware-sim/internal/pub", "internal/mqtt", "firmware-sim/internal/pub must never reach internal, but does: firmware-sim/internal/pub -> internal/mqtt"},
		{"internal/config", "internal/admin", "internal/config imports internal/admin, which stands beside it"},
		{"internal/auth", "gateway", "internal/auth imports gateway, which stands above it"},
		{"somewhere", "broker", "somewhere has no layer"},
	} {
		g := graph{"mapping": {"mqttsn"}, "mqttsn": nil, "internal/mqtt": nil}
		g[c.from] = append(g[c.from], c.to)
		if _, ok := g[c.to]; !ok && layerOf(c.to) >= 0 {
			g[c.to] = nil
		}
		got := check(g)
		if !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, c.want) }) {
			t.Errorf("%s -> %s: want %q among\n%s", c.from, c.to, c.want, strings.Join(got, "\n"))
		}
	}
	if got := check(graph{"cmd/x": {"gateway", "internal/config"}, "internal/config": {"gateway"}, "gateway": {"broker", "mapping", "transport"},
		"broker": {"internal/mqtt", "example.org/x"}, "mapping": {"mqttsn"}, "transport": nil, "transport/udp": {"transport", "golang.org/x/sys/unix"},
		"mqttsn": nil, "mqttsn/client": {"mqttsn"}, "internal/mqtt": nil,
		"firmware-sim": {"firmware-sim/internal/x"}, "firmware-sim/internal/x": {"mqttsn/client", "transport/udp"}}); len(got) > 0 {
		t.Errorf("nothing is wrong with it, but:\n%s", strings.Join(got, "\n"))
	}
}
