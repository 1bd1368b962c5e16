//go:build linux && !race

package listener

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// Idle connections: the clients are another process, so that this one's
// resident memory is the server's alone.

const (
	idleClients = 2000
	idleEnv     = "SNBROKER_TEST_IDLE" // "kind address CA-file": be the clients
)

// TestBeIdle is the clients' process.
func TestBeIdle(t *testing.T) {
	if s := os.Getenv(idleEnv); s != "" {
		if err := beIdle(s); err != nil {
			fmt.Println(err)
		}
	}
}

// beIdle connects, and stays until its standard input ends.
func beIdle(s string) error {
	var kind, address, file string
	if _, err := fmt.Sscan(s, &kind, &address, &file); err != nil {
		return err
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	cfg := &tls.Config{RootCAs: x509.NewCertPool(), ClientSessionCache: nil}
	cfg.RootCAs.AppendCertsFromPEM(pem)
	cfg.ServerName = "localhost"
	ws := websocket.Dialer{TLSClientConfig: cfg, Subprotocols: []string{"mqtt"}, ReadBufferSize: 256, WriteBufferSize: 256}
	for i := range idleClients {
		var nc net.Conn
		switch kind {
		case "tcp":
			nc, err = net.Dial("tcp", address)
		case "tls":
			nc, err = tls.Dial("tcp", address, cfg)
		default:
			var c *websocket.Conn
			if c, _, err = ws.Dial(kind+"://"+address+"/mqtt", http.Header{}); err == nil {
				nc = &clientWS{Conn: c}
			}
		}
		if err != nil {
			return err
		}
		id := fmt.Sprintf("%04d", i)
		if _, err = nc.Write([]byte("\x10\x10\x00\x04MQTT\x04\x02\x00\x00\x00\x04" + id)); err != nil {
			return err
		}
		if _, err = nc.Read(make([]byte, 4)); err != nil {
			return err
		}
		// A packet larger than what a connection waits with, and its answer.
		if _, err = nc.Write(append([]byte("\x30\xc8\x01\x00\x01x"), make([]byte, 197)...)); err != nil {
			return err
		}
		if _, err = nc.Write([]byte("\xc0\x00")); err != nil {
			return err
		}
		if _, err = nc.Read(make([]byte, 2)); err != nil {
			return err
		}
		idle = append(idle, nc)
	}
	fmt.Println("idle")
	_, _ = os.Stdin.Read(make([]byte, 1))
	return nil
}

var idle []net.Conn

// resident is this process's memory that is in use.
func resident(t *testing.T) int {
	t.Helper()
	for range 4 { // pools are emptied by the second; a stack is halved by each
		runtime.GC()
	}
	debug.FreeOSMemory()
	b, err := os.ReadFile("/proc/self/statm")
	must(t, err)
	var size, pages int
	if _, err := fmt.Sscan(string(b), &size, &pages); err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}

func TestIdleMemory(t *testing.T) {
	for _, tc := range []struct {
		kind string
		most int // octets a connection
	}{{"tcp", 5<<10 + 512}, {"ws", 10 << 10}, {"tls", 20 << 10}, {"wss", 20 << 10}} {
		t.Run(tc.kind, func(t *testing.T) {
			ca, f := newIssuer(t, "ca"), newFolder(t)
			l := layered(t, func(c *Config) {
				if tc.kind == "tls" || tc.kind == "wss" {
					c.TLS = loaded(t, f.server(ca))
				}
				c.WebSocket = tc.kind == "ws" || tc.kind == "wss"
			})
			cmd := exec.Command(os.Args[0], "-test.run=^TestBeIdle$")
			cmd.Env = append(os.Environ(), idleEnv+"="+tc.kind+" "+l.Addr().String()+" "+f.write("ca.crt", ca.pem))
			stay, err := cmd.StdinPipe()
			must(t, err)
			out, err := cmd.StdoutPipe()
			must(t, err)
			var before, after runtime.MemStats
			start := resident(t)
			runtime.ReadMemStats(&before)
			must(t, cmd.Start())
			defer func() { stay.Close(); _ = cmd.Wait() }()
			giveUp := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() })
			defer giveUp.Stop()
			if line, err := bufio.NewReader(out).ReadString('\n'); line != "idle\n" {
				t.Fatalf("the clients: %q, %v", line, err)
			}
			each := (resident(t) - start) / idleClients
			runtime.ReadMemStats(&after)
			t.Logf("%s: %d octets resident each (heap %d, stack %d)", tc.kind, each,
				(int(after.HeapAlloc)-int(before.HeapAlloc))/idleClients, (int(after.StackInuse)-int(before.StackInuse))/idleClients)
			if each > tc.most {
				t.Errorf("%s: %d octets for an idle connection, more than %d", tc.kind, each, tc.most)
			}
		})
	}
}
