package broker

import "sync"

// numbered finds sessions by the number that records know them by. Numbers are
// given out in order and never again, so the table is pages of pointers; a page
// goes when the last of its sessions does.
type numbered struct {
	mu    sync.Mutex
	last  uint32
	pages map[uint32]*sessionPage
}

const pageSize = 256

type sessionPage struct {
	sessions [pageSize]*Session
	used     int
}

// add gives s the next number.
func (n *numbered) add(s *Session) uint32 {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last++
	n.put(n.last, s)
	return n.last
}

// put is add with a number that s had before a restart. The caller holds n.mu,
// or is alone.
func (n *numbered) put(no uint32, s *Session) {
	if n.pages == nil {
		n.pages = make(map[uint32]*sessionPage)
	}
	page := n.pages[no/pageSize]
	if page == nil {
		page = new(sessionPage)
		n.pages[no/pageSize] = page
	}
	page.sessions[no%pageSize] = s
	page.used++
	n.last = max(n.last, no)
}

func (n *numbered) find(no uint32) *Session {
	n.mu.Lock()
	defer n.mu.Unlock()
	if page := n.pages[no/pageSize]; page != nil {
		return page.sessions[no%pageSize]
	}
	return nil
}

func (n *numbered) remove(no uint32) {
	n.mu.Lock()
	defer n.mu.Unlock()
	page := n.pages[no/pageSize]
	if page == nil || page.sessions[no%pageSize] == nil {
		return
	}
	page.sessions[no%pageSize] = nil
	if page.used--; page.used == 0 {
		delete(n.pages, no/pageSize)
	}
}

func (n *numbered) highest() uint32 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.last
}
