package admin

import (
	"cmp"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

func byName(c []Count) {
	slices.SortFunc(c, func(a, b Count) int { return cmp.Compare(a.Name, b.Name) })
}

func (s *Server) listeners(w http.ResponseWriter, _ *http.Request) {
	out := []ListenerState{}
	for _, l := range s.cfg.Listeners() {
		state := ListenerState{Protocol: l.Protocol, Type: l.Type, Address: l.Address, Anonymous: l.Anonymous, Counts: []Count{}}
		if l.MQTT != nil {
			state.Counts = append(state.Counts, countsOf(*l.MQTT)...)
		}
		if l.Link != nil {
			state.Counts = append(state.Counts, countsOf(*l.Link)...)
		}
		if l.DTLS != nil {
			state.Counts = append(state.Counts, countsOf(*l.DTLS)...)
		}
		if l.Line != nil {
			state.Counts = append(state.Counts, countsOf(*l.Line)...)
		}
		out = append(out, state)
	}
	answer(w, http.StatusOK, out)
}

// countsOf lists the numbers of a struct under their names in small letters.
func countsOf(stats any) (out []Count) {
	v := reflect.ValueOf(stats)
	for i := range v.NumField() {
		n := v.Field(i)
		c := Count{Name: small(v.Type().Field(i).Name)}
		if n.CanUint() {
			c.N = n.Uint()
		} else {
			c.N = uint64(max(0, n.Int()))
		}
		out = append(out, c)
	}
	return out
}

// small turns "DatagramsIn" into "datagrams_in", and "UnknownCID" into
// "unknown_cid".
func small(name string) string {
	var b strings.Builder
	upper := true
	for i, r := range name {
		if unicode.IsUpper(r) && !upper && i > 0 {
			b.WriteByte('_')
		}
		upper = unicode.IsUpper(r)
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
