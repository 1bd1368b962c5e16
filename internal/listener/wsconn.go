package listener

import (
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/gorilla/websocket"
)

// wsConn is a WebSocket as a stream: what comes in frames is read as one, and
// each Write is a frame.
type wsConn struct {
	ws      *websocket.Conn
	bottom  *bottom
	message io.Reader // the message being read; nil: none
}

// bottom is the connection below a WebSocket.
type bottom struct {
	net.Conn
	arrival  *arrival    // until it is a WebSocket
	patience func() bool // tells whether a deadline has been moved
}

// Read reads on where a deadline was not the last word: for the WebSocket every
// error is.
func (b *bottom) Read(p []byte) (int, error) {
	for {
		n, err := b.Conn.Read(p)
		if n > 0 || b.patience == nil || !errors.Is(err, os.ErrDeadlineExceeded) || !b.patience() {
			return n, err
		}
	}
}

var errTextFrame = errors.New("a text frame: MQTT is in binary frames") // [MQTT-6.0.0-1]

// newWSConn bounds messages by the largest packet and its fixed header. They
// are not kept, but nobody needs longer ones.
func newWSConn(ws *websocket.Conn, b *bottom, maxPacket int) *wsConn {
	ws.SetReadLimit(int64(maxPacket) + 5)
	return &wsConn{ws: ws, bottom: b}
}

// setPatience implements patient.
func (w *wsConn) setPatience(f func() bool) { w.bottom.patience = f }

// Wait implements waiter.
func (w *wsConn) Wait() error {
	for {
		if w.message != nil {
			// Nothing is asked for, so that it tells just whether there is more.
			_, err := w.message.Read(nil)
			if err == nil {
				return nil
			}
			w.message = nil
			if err != io.EOF {
				return w.failed(err)
			}
		}
		kind, message, err := w.ws.NextReader()
		if err != nil {
			return w.failed(err)
		}
		if kind != websocket.BinaryMessage {
			w.bye(websocket.CloseUnsupportedData, errTextFrame.Error())
			return errTextFrame
		}
		w.message = message
	}
}

func (w *wsConn) Read(b []byte) (int, error) {
	for {
		if err := w.Wait(); err != nil {
			return 0, err
		}
		n, err := w.message.Read(b)
		if n > 0 || len(b) == 0 {
			return n, nil
		}
		if err != nil && err != io.EOF {
			return 0, w.failed(err)
		}
	}
}

// failed makes an end of the WebSocket one of the connection.
func (w *wsConn) failed(err error) error {
	if websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway, websocket.CloseNoStatusReceived, websocket.CloseAbnormalClosure) {
		return io.EOF
	}
	return err
}

func (w *wsConn) Write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if err := w.ws.WriteMessage(websocket.BinaryMessage, b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Close says farewell, for which it waits a moment if somebody is in a Write.
func (w *wsConn) Close() error {
	w.bye(websocket.CloseNormalClosure, "")
	return w.bottom.Close()
}

// farewell is how long a last frame may take: a Write that is stuck is so for
// longer.
const farewell = 100 * time.Millisecond

func (w *wsConn) bye(code int, text string) {
	_ = w.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, text), time.Now().Add(farewell))
}

func (w *wsConn) LocalAddr() net.Addr                { return w.ws.LocalAddr() }
func (w *wsConn) RemoteAddr() net.Addr               { return w.ws.RemoteAddr() }
func (w *wsConn) SetReadDeadline(t time.Time) error  { return w.ws.SetReadDeadline(t) }
func (w *wsConn) SetWriteDeadline(t time.Time) error { return w.ws.SetWriteDeadline(t) }
func (w *wsConn) SetDeadline(t time.Time) error {
	_ = w.ws.SetWriteDeadline(t)
	return w.ws.SetReadDeadline(t)
}
