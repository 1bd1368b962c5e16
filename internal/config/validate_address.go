package config

import "fmt"

// takenAddresses are those that other listeners of the protocol have.
type takenAddresses struct {
	hosts []takenHost
	paths map[string]string
}

type takenHost struct {
	hostPort
	text, at string
}

// addresses checks the addresses of a listener, also against the others'. The
// kernel would refuse them as well, with a message about another program.
func (v *validator) addresses(taken *takenAddresses, at string, list Addresses) {
	path := child(at, "address")
	if len(list) == 0 {
		v.wrong(path, "%s: %v", shown(path), errAddress)
	}
	for _, s := range list {
		h, err := parseAddress(s)
		switch {
		case err != nil:
			v.wrong(path, "%s = %q: %v", shown(path), s, err)
			continue
		case h.ip.IsMulticast():
			v.wrong(path, "%s = %q is a multicast group: list it in groups, and give an address of this machine here", shown(path), s)
			continue
		}
		for _, t := range taken.hosts {
			if t.covers(h) || h.covers(t.hostPort) {
				v.wrong(path, "%s = %q: taken by %q%s", shown(path), s, t.text, t.at)
				break
			}
		}
		taken.hosts = append(taken.hosts, takenHost{h, s, v.seenAt(path)})
	}
}

// paths does the same for Unix sockets.
func (v *validator) paths(taken *takenAddresses, at string, list Addresses) {
	path := child(at, "address")
	if len(list) == 0 || list[0] == "" {
		v.wrong(path, `%s: a unix listener needs a path, such as "/run/snbroker/mqtt.sock"`, shown(path))
		return
	}
	for _, s := range list {
		if len(s) > 100 { // the kernel takes 107 octets, others fewer
			v.wrong(path, "%s = %q: longer than the 100 octets that a path of a socket may have", shown(path), s)
		}
		if before, ok := taken.paths[s]; ok {
			v.wrong(path, "%s = %q: taken already%s", shown(path), s, before)
		}
		if taken.paths == nil {
			taken.paths = make(map[string]string)
		}
		taken.paths[s] = v.seenAt(path)
	}
}

// seenAt is " (line 12)", or "".
func (v *validator) seenAt(path string) string {
	if v.src == nil {
		return ""
	}
	return seenLine(v.src.line(path))
}

func seenLine(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (line %d)", n)
}
