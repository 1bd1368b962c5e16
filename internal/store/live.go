package store

// Live says, after Replay and before Start, that a record of n octets that
// Replay gave is needed. Replay itself counts nothing as needed.
func (l *Log) Live(at LSN, n int) { l.account(at, recordHeader+int64(n)) }

// Dead says that a record that was appended as live, or of which Live was said,
// is not needed any more; n is its length. What is said of segments that are
// gone has no effect.
func (l *Log) Dead(at LSN, n int) { l.account(at, -recordHeader-int64(n)) }

func (l *Log) account(at LSN, octets int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.batchOf(at); b != nil {
		octets = max(octets, -b.live)
		b.live += octets
	} else if s := l.segmentOf(at); s != nil {
		octets = max(octets, -s.live)
		s.live += octets
	} else {
		return
	}
	if l.live += octets; octets < 0 {
		l.pokeCompactor()
	}
}
