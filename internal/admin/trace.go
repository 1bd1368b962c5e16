package admin

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"snbroker/broker"
	"snbroker/internal/mqtt"
	"snbroker/internal/tap"
	"snbroker/mqttsn"
)

// TracedPacket is one packet of a trace.
type TracedPacket struct {
	At       time.Time `json:"at"`
	Out      bool      `json:"out"`      // to the client
	Protocol string    `json:"protocol"` // "mqtt" or "mqttsn"
	Client   string    `json:"client,omitempty"`
	Topic    string    `json:"topic,omitempty"`
	State    string    `json:"state,omitempty"` // of a device before the packet
	Peer     string    `json:"peer"`
	Local    string    `json:"local"`
	Bytes    int       `json:"bytes"`
	Text     string    `json:"text"`
	Hex      string    `json:"hex,omitempty"`
}

// maxTraces is how many there may be at a time.
const maxTraces = 16

// sink writes a trace in one of its forms.
type sink interface {
	begin() error
	packet(p *tap.Packet) error
	lost(n uint64) error // n packets did not fit
}

// sinks are the forms, with their types for HTTP.
var sinks = map[string]struct {
	kind string
	make func(w io.Writer, hex bool) sink
}{
	"text":   {"text/plain; charset=utf-8", func(w io.Writer, hex bool) sink { return textTrace{w, hex} }},
	"events": {"text/event-stream", func(w io.Writer, hex bool) sink { return eventTrace{w, hex} }},
	"pcapng": {"application/x-pcapng", func(w io.Writer, _ bool) sink { return newCapture(w) }},
}

func (s *Server) trace(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	format, ok := oneOf(w, r, "format", "text", "events", "pcapng")
	if !ok {
		return
	}
	if format == "" {
		format = "text"
	}
	f := tap.Filter{ClientID: q.Get("client"), Peer: q.Get("address")}
	if filter := q.Get("topic"); filter != "" {
		if !mqtt.ValidTopicFilter([]byte(filter)) {
			fail(w, http.StatusBadRequest, "topic=%s: want a topic or a topic filter", filter)
			return
		}
		f.Topic = func(topic string) bool { return broker.Matches(filter, topic) || topic == filter }
	}
	if s.traces.Add(1) > maxTraces {
		s.traces.Add(-1)
		fail(w, http.StatusServiceUnavailable, "%d traces are running already; end one of them", maxTraces)
		return
	}
	defer s.traces.Add(-1)
	watch := s.cfg.Tap.Watch(f)
	defer watch.Close()
	form := sinks[format]
	w.Header().Set("Content-Type", form.kind)
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // the client says nothing more
	s.stream(r, watch, form.make(w, q.Get("hex") == "1"), control)
}

// stream writes packets until the client leaves, or the server ends.
func (s *Server) stream(r *http.Request, watch *tap.Watcher, to sink, control *http.ResponseController) {
	flush := func() error {
		if err := control.Flush(); err != nil {
			return err
		}
		return control.SetWriteDeadline(time.Now().Add(writeTimeout))
	}
	err := to.begin()
	for err == nil {
		if len(watch.Packets()) == 0 {
			if err = flush(); err != nil {
				return
			}
		}
		select {
		case p := <-watch.Packets():
			if n := watch.Lost(); n > 0 {
				if err = to.lost(n); err != nil {
					return
				}
			}
			err = to.packet(&p)
		case <-r.Context().Done():
			return
		case <-s.quit.Done():
			return
		}
	}
}

func describePacket(p *tap.Packet) string {
	if p.Protocol == tap.MQTTSN {
		return mqttsn.Describe(p.Octets)
	}
	return mqtt.Describe(p.Octets, mqtt.Version(p.Version))
}

func traced(p *tap.Packet, hex bool) TracedPacket {
	t := TracedPacket{At: p.At, Out: p.Out, Protocol: "mqtt", Client: p.ClientID, Topic: p.Topic, State: p.State, Peer: p.Peer, Local: p.Local, Bytes: len(p.Octets), Text: describePacket(p)}
	if p.Protocol == tap.MQTTSN {
		t.Protocol = "mqttsn"
	}
	if hex {
		t.Hex = hexOf(p.Octets)
	}
	return t
}

// textTrace is a line a packet, for people.
type textTrace struct {
	io.Writer
	hex bool
}

func (w textTrace) begin() error { return nil }

func (w textTrace) packet(p *tap.Packet) error {
	arrow := "<-" // from the client
	if p.Out {
		arrow = "->"
	}
	topic := ""
	if p.Topic != "" && p.Protocol == tap.MQTTSN {
		topic = fmt.Sprintf(" (%q)", p.Topic) // the message has its id
	}
	_, err := fmt.Fprintf(w, "%s %s %s %q %s%s\n", p.At.Format("15:04:05.000000"), arrow, p.Peer, p.ClientID, describePacket(p), topic)
	if err == nil && w.hex {
		_, err = fmt.Fprintf(w, "    %x\n", p.Octets)
	}
	return err
}

func (w textTrace) lost(n uint64) error {
	_, err := fmt.Fprintf(w, "... %d packets came too fast to be shown\n", n)
	return err
}

// eventTrace is server-sent events, for browsers.
type eventTrace struct {
	io.Writer
	hex bool
}

func (w eventTrace) begin() error {
	_, err := io.WriteString(w, ": watching\n\n")
	return err
}

func (w eventTrace) packet(p *tap.Packet) error {
	b, err := json.Marshal(traced(p, w.hex))
	if err == nil {
		_, err = fmt.Fprintf(w, "data: %s\n\n", b)
	}
	return err
}

func (w eventTrace) lost(n uint64) error {
	_, err := fmt.Fprintf(w, "event: lost\ndata: %d\n\n", n)
	return err
}
