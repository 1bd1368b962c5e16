package listener

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"snbroker/internal/mqtt"
	"snbroker/internal/mqtt/mqtttest"
)

// clientWS is a client's WebSocket as a stream.
type clientWS struct {
	*websocket.Conn
	message io.Reader
	frames  int // read so far
}

func (c *clientWS) Read(b []byte) (int, error) {
	for {
		if c.message == nil {
			kind, message, err := c.NextReader()
			if err != nil {
				return 0, err
			}
			if kind != websocket.BinaryMessage {
				return 0, errors.New("not a binary frame")
			}
			c.message = message
			c.frames++
		}
		n, err := c.message.Read(b)
		if err == io.EOF {
			c.message, err = nil, nil
			if n == 0 {
				continue
			}
		}
		return n, err
	}
}

func (c *clientWS) Write(b []byte) (int, error) {
	return len(b), c.WriteMessage(websocket.BinaryMessage, b)
}

func (c *clientWS) SetDeadline(t time.Time) error {
	_ = c.Conn.SetWriteDeadline(t)
	return c.Conn.SetReadDeadline(t)
}

func web311(l *Listener, header http.Header, subprotocols ...string) (*websocket.Conn, *http.Response, error) {
	d := websocket.Dialer{Subprotocols: subprotocols, HandshakeTimeout: 20 * time.Second}
	return d.Dial("ws://"+l.Addr().String()+"/mqtt", header)
}

func dialWS(t testing.TB, l *Listener) (*mqtttest.Peer, *clientWS) {
	t.Helper()
	ws, _, err := web311(l, nil, "mqtt")
	must(t, err)
	c := &clientWS{Conn: ws}
	return talk(t, c, nil), c
}

// dialWS is for a world in a bubble.
func (w *world) dialWS() *mqtttest.Peer {
	w.t.Helper()
	d := websocket.Dialer{Subprotocols: subprotocols, NetDial: func(_, _ string) (net.Conn, error) { return w.open() }}
	ws, _, err := d.Dial("ws://pipe/mqtt", nil)
	must(w.t, err)
	return talk(w.t, &clientWS{Conn: ws}, nil)
}

func webbed(t *testing.T, change func(*Config)) *Listener {
	t.Helper()
	return layered(t, func(c *Config) {
		c.WebSocket = true
		if change != nil {
			change(c)
		}
	})
}

func TestWebSocket(t *testing.T) {
	l := webbed(t, nil)
	k, _ := dialWS(t, l)
	if got := k.Conn.(*clientWS).Subprotocol(); got != "mqtt" {
		t.Errorf("subprotocol %q", got)
	}
	k.Connect("c").Silence()
	if got, want := sole(t, l).net.RemoteAddr().String(), k.LocalAddr().String(); got != want {
		t.Errorf("the client is %s, want %s", got, want)
	}
	k.Say(&mqtt.Disconnect{})
	if _, err := k.Read(make([]byte, 1)); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Errorf("after DISCONNECT: %v", err)
	}
	exchange(t, func() *mqtttest.Peer { k, _ := dialWS(t, l); return k })
}

func TestSecureWebSocket(t *testing.T) {
	ca, f := newIssuer(t, "ca"), newFolder(t)
	cfg := f.server(ca)
	cfg.ClientCAFile = f.write("ca.crt", ca.pem)
	l := webbed(t, func(c *Config) { c.TLS = loaded(t, cfg) })
	cert := ca.issue("browser", nil)
	d := websocket.Dialer{Subprotocols: []string{"mqtt"}, TLSClientConfig: &tls.Config{RootCAs: ca.pool, Certificates: []tls.Certificate{cert}}}
	dial := func() *mqtttest.Peer {
		ws, _, err := d.Dial("wss://"+l.Addr().String()+"/mqtt", nil)
		must(t, err)
		return talk(t, &clientWS{Conn: ws}, nil)
	}
	k := dial().Connect("c")
	if got := sole(t, l).identity; got != "browser" {
		t.Errorf("identity %q", got)
	}
	k.Close()
	exchange(t, dial)
}

func TestWebSocketKeepAlive(t *testing.T) {
	inBubble(t, func(s *settings) { s.WebSocket = true }, func(t *testing.T, w *world) {
		staysWhileItPings(t, w.dialWS())
	})
}

// Packets need not keep to frames.
func TestFrames(t *testing.T) {
	l := webbed(t, nil)
	k, ws := dialWS(t, l)
	connect := mqtttest.Encode(t, mqtt.V311, &mqtt.Connect{Version: mqtt.V311, CleanStart: true, ClientID: []byte("c")})
	frames := func(parts ...[]byte) {
		t.Helper()
		for _, p := range parts {
			must(t, ws.WriteMessage(websocket.BinaryMessage, p))
		}
	}
	frames(connect[:1], nil, connect[1:7], connect[7:])
	k.Expect(&mqtt.Connack{})
	// One message in several frames, with a ping between them.
	w, err := ws.NextWriter(websocket.BinaryMessage)
	must(t, err)
	ponged := false
	ws.SetPongHandler(func(data string) error { ponged = data == "there?"; return nil })
	for range 3000 { // more than the writer's buffer
		if _, err := w.Write([]byte("\xc0\x00")); err != nil {
			t.Fatal(err)
		}
	}
	must(t, ws.WriteControl(websocket.PingMessage, []byte("there?"), time.Now().Add(time.Second)))
	must(t, w.Close())
	for range 3000 {
		k.Expect(&mqtt.Pingresp{})
	}
	if !ponged {
		t.Error("no pong")
	}
	// What is written at once is one frame.
	before := ws.frames
	frames([]byte("\xc0\x00\xc0\x00\xc0\x00"))
	k.Expect(&mqtt.Pingresp{}, &mqtt.Pingresp{}, &mqtt.Pingresp{})
	if n := ws.frames - before; n != 1 {
		t.Errorf("three packets in %d frames", n)
	}
}

// closedWith sends a frame and waits for a close frame.
func closedWith(t *testing.T, ws *clientWS, kind int, b []byte, code int) {
	t.Helper()
	must(t, ws.WriteMessage(kind, b))
	_, _, err := ws.ReadMessage()
	if !websocket.IsCloseError(err, code) {
		t.Errorf("got %v, want %d", err, code)
	}
}

func TestBadFrames(t *testing.T) {
	l := webbed(t, func(c *Config) { c.MaxPacket = 1 << 10 })
	_, ws := dialWS(t, l)
	closedWith(t, ws, websocket.TextMessage, []byte("\x10"), websocket.CloseUnsupportedData)
	_, ws = dialWS(t, l)
	closedWith(t, ws, websocket.BinaryMessage, make([]byte, 1<<10+6), websocket.CloseMessageTooBig)
	k, _ := dialWS(t, l)
	k.Connect("c")
	if _, err := k.Write([]byte("\x30\x03\x00\x01x\x00\x00")); err != nil { // PUBLISH, and then an unknown type
		t.Fatal(err)
	}
	k.Closed()
	// Not masked, as a client's must be: on the bare connection.
	k, ws = dialWS(t, l)
	k.Connect("d")
	if _, err := ws.NetConn().Write([]byte("\x82\x02\xc0\x00")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := ws.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseProtocolError) {
		t.Errorf("got %v", err)
	}
	until(t, "all have ended", func() bool { return l.Stats().Connections == 0 })
}

func TestOrigins(t *testing.T) {
	same := webbed(t, nil)
	listed := webbed(t, func(c *Config) { c.AllowedOrigins = []string{"https://app.example", "null"} })
	all := webbed(t, func(c *Config) { c.AllowedOrigins = []string{"*"} })
	_, port, _ := net.SplitHostPort(same.Addr().String())
	for _, tc := range []struct {
		l       *Listener
		origin  string
		allowed bool
	}{
		{same, "", true},
		{same, "http://127.0.0.1", true},
		{same, "https://127.0.0.1:" + port, true},
		{same, "http://127.0.0.1.evil.example", false},
		{same, "http://evil.example", false},
		{same, "http://evil.example/127.0.0.1", false},
		{same, "http://127.0.0.1@evil.example", false},
		{same, "null", false},
		{same, "127.0.0.1", false},
		{listed, "", true},
		{listed, "http://127.0.0.1", true},
		{listed, "https://app.example", true},
		{listed, "HTTPS://App.Example", true},
		{listed, "null", true},
		{listed, "http://app.example", false},
		{listed, "https://app.example:8443", false},
		{all, "http://evil.example", true},
	} {
		h := http.Header{}
		if tc.origin != "" {
			h.Set("Origin", tc.origin)
		}
		ws, r, err := web311(tc.l, h, "mqtt")
		if (err == nil) != tc.allowed || err != nil && r.StatusCode != http.StatusForbidden {
			t.Errorf("%q: %v, %+v", tc.origin, err, r)
		}
		if ws != nil {
			ws.Close()
		}
	}
	until(t, "nothing is left", func() bool { return same.Stats().Connections == 0 })
}

// What is not a WebSocket for MQTT is answered as HTTP, and is forgotten.
func TestNotWebSocket(t *testing.T) {
	l := webbed(t, func(c *Config) { c.Path = "/other" })
	url := "http://" + l.Addr().String()
	for _, tc := range []struct {
		request string
		status  int
	}{
		{"GET /mqtt HTTP/1.1\r\nHost: x\r\n\r\n", 404},
		{"GET /other HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 400},
		{"GET /other HTTP/1.1\r\nHost: x\r\nCookie: " + strings.Repeat("x", 20<<10) + "\r\n\r\n", 431},
		{"GET /other HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n", 400},
		{"nonsense\r\n\r\n", 400},
	} {
		k := dialPlain(t, l)
		if _, err := io.WriteString(k, tc.request); err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(k) // it ends: one request a connection
		if want := "HTTP/1.1 " + http.StatusText(tc.status); !strings.HasPrefix(string(b), "HTTP/1.1 "+itoa(tc.status)) && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%.60q: %.80q, %v; want %s", tc.request, b, err, want)
		}
	}
	for _, subprotocols := range [][]string{nil, {"chat"}, {"MQTT"}} {
		d := websocket.Dialer{Subprotocols: subprotocols}
		if _, r, err := d.Dial("ws"+strings.TrimPrefix(url, "http")+"/other", nil); err == nil || r.StatusCode != http.StatusBadRequest {
			t.Errorf("%q: %v", subprotocols, err)
		}
	}
	d := websocket.Dialer{Subprotocols: []string{"chat", "mqttv3.1"}}
	ws, _, err := d.Dial("ws"+strings.TrimPrefix(url, "http")+"/other", nil)
	if err != nil || ws.Subprotocol() != "mqttv3.1" {
		t.Fatal(err)
	}
	ws.Close()
	until(t, "nothing is left", func() bool { return l.Stats().Connections == 0 })
}

func itoa(n int) string {
	return string([]byte{byte('0' + n/100), byte('0' + n/10%10), byte('0' + n%10)})
}

// A request that never ends does, and so does a WebSocket without a CONNECT.
func TestSlowRequests(t *testing.T) {
	inBubble(t, func(s *settings) { s.WebSocket = true }, func(t *testing.T, w *world) {
		silent, slow := w.dialLayers(), w.dialLayers()
		if _, err := io.WriteString(slow, "GET /mqtt HTTP/1.1\r\nHost: "); err != nil {
			t.Fatal(err)
		}
		for _, k := range []*mqtttest.Peer{silent, slow, w.dialWS()} {
			if _, err := io.ReadAll(k); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("it goes on")
			}
		}
		until(t, "nothing is left", func() bool { return w.Stats().Connections == 0 })
	})
}
