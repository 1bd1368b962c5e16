package dtls

// hello is what the link needs of a ClientHello (RFC 6347 §4.2.1).
type hello struct {
	random  [32]byte // the same in all of a client's tries at one handshake
	session string   // id of the one that the client would resume
	cookie  bool     // it answers a HelloVerifyRequest
	cid     bool     // the client would use a Connection ID
}

// isHello tells whether a datagram begins with a ClientHello, or its first
// fragment.
func isHello(b []byte) bool {
	return len(b) >= helloAt+2+32 && b[0] == recordHandshake && epoch(b) == 0 &&
		b[recordHeader] == typeClientHello && fragmentOffset(b) == 0
}

func fragmentOffset(b []byte) int {
	at := recordHeader + 6
	return int(b[at])<<16 | int(b[at+1])<<8 | int(b[at+2])
}

// parseHello reads a datagram for which isHello is true. A hello in fragments, or
// a malformed one, has its random, and no Connection ID: pion sees to the rest.
func parseHello(b []byte) (h hello) {
	r := reader(b[helloAt+2:])
	copy(h.random[:], r.take(32))
	h.session = string(r.take(int(r.number(1))))
	h.cookie = len(r.take(int(r.number(1)))) > 0
	r.take(int(r.number(2))) // cipher suites
	r.take(int(r.number(1))) // compression methods
	_, h.cid = r.extension(extensionCID)
	return h
}

// serverHelloCID is the Connection ID in a datagram of ours that begins with a
// ServerHello; nil if there is none (RFC 9146 §3).
func serverHelloCID(b []byte) []byte {
	r := reader(b)
	r.take(helloAt + 2 + 32) // version, random
	r.take(int(r.number(1))) // session id
	r.take(2 + 1)            // cipher suite, compression method
	found, _ := r.extension(extensionCID)
	return found.take(int(found.number(1)))
}

// reader takes octets off its front. What is not there is zero, and ends it.
type reader []byte

func (r *reader) take(n int) []byte {
	if n > len(*r) {
		*r = nil
		return nil
	}
	b := (*r)[:n]
	*r = (*r)[n:]
	return b
}

// extension takes the extensions, and returns the content of the one of a kind.
func (r *reader) extension(kind uint32) (content reader, ok bool) {
	all := reader(r.take(int(r.number(2))))
	for len(all) > 0 {
		is := all.number(2)
		of := all.take(int(all.number(2)))
		if is == kind {
			return of, true
		}
	}
	return nil, false
}

func (r *reader) number(size int) (n uint32) {
	for _, b := range r.take(size) {
		n = n<<8 | uint32(b)
	}
	return n
}
