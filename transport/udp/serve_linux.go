package udp

import (
	"net/netip"
	"time"

	"snbroker/transport"
)

// Serve reads until Close: Receive, the first of the six steps.
func (l *Link) Serve(r transport.Receiver) error {
	if l.serving.Swap(true) {
		return errServed
	}
	in := newInbox(l.batch, l.mtu, l.paths != nil, l.raw)
	defer in.close()
	failures := 0
	for {
		err := l.readable.wait(in.read)
		switch {
		case l.closed():
			return nil
		case err != nil:
			return err
		case in.errno != 0:
			l.counters.ReceiveErrors.Add(1)
			if failures++; failures >= errorBurst {
				failures = 0
				l.pause()
			}
			continue
		}
		failures = 0
		if batch := l.collect(in); len(batch) > 0 {
			r.Receive(l, batch)
		}
		in.release()
	}
}

func (l *Link) pause() {
	select {
	case <-l.done:
	case <-time.After(errorPause):
	}
}

// collect turns what was read into datagrams.
func (l *Link) collect(in *inbox) []transport.Datagram {
	batch := in.batch[:0]
	var bytes, oversized uint64
	for i := range in.n {
		local, ok := l.local(in, i)
		if !ok {
			continue
		}
		data, ok := in.data(i, l.mtu)
		if !ok {
			oversized++
			continue
		}
		from, scope := in.vec.source(i)
		if scope != 0 {
			from = netip.AddrPortFrom(from.Addr().WithZone(l.zones.name(scope)), from.Port())
		}
		batch = append(batch, transport.Datagram{From: transport.Addr{IP: from}, Local: local, Data: data})
		bytes += uint64(len(data))
	}
	if oversized > 0 {
		l.counters.Oversized.Add(oversized)
	}
	l.counters.DatagramsIn.Add(uint64(len(batch)))
	l.counters.BytesIn.Add(bytes)
	return batch
}

// local is the number of the path that slot i came by. ok is false for a
// datagram to a group by an interface that the group was not to be heard on.
func (l *Link) local(in *inbox, i int) (n uint16, ok bool) {
	if l.paths == nil {
		return 0, true
	}
	p := in.vec.pathOf(i)
	if l.group != nil {
		return l.paths.index(p), l.group.has(p.ifindex)
	}
	if !p.addr.IsValid() {
		return 0, true
	}
	// An answer takes whatever way routing has now, which need not be the one
	// that the request took. Only a link-local address means its interface.
	if !p.addr.IsLinkLocalUnicast() || p.addr.Is4() {
		p.ifindex = 0
	}
	return l.paths.index(p), true
}
