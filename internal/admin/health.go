package admin

import "net/http"

// Health is the answer to those who only want to know whether all is well.
type Health struct {
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty"` // why not
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, Health{OK: true})
}

func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	h := s.health()
	status := http.StatusOK
	if !h.OK {
		status = http.StatusServiceUnavailable
	}
	answer(w, status, h)
}

// health tells whether everything is listened on and the disk takes what is
// written.
func (s *Server) health() Health {
	if !s.ready.Load() {
		return Health{Reason: "starting, or ending"}
	}
	if s.cfg.Store != nil {
		if err := s.cfg.Store.Err(); err != nil {
			return Health{Reason: "the store: " + err.Error()}
		}
	}
	return Health{OK: true}
}
