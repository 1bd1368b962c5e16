package listener

import "snbroker/internal/mqtt"

// mounted puts a client's topic below the mount point. The result is valid
// until the next call.
func (w *worker) mounted(point, topic string) string {
	if point == "" {
		return topic
	}
	w.topic = append(append(w.topic[:0], point...), topic...)
	return alias(w.topic)
}

// mountedFilter does the same for a filter: a shared subscription keeps its
// group in front.
func mountedFilter(point string, filter []byte) string {
	if point == "" {
		return string(filter)
	}
	_, inner, shared := mqtt.SplitShared(filter)
	if !shared {
		return point + string(filter)
	}
	return string(filter[:len(filter)-len(inner)]) + point + string(inner)
}

// unmounted is the topic as the client knows it; false if it lies outside. What
// is outside reaches the session by prefix/#, which matches "prefix" too, and
// by what another listener's client of the same ClientID has subscribed to.
func unmounted(point, topic string) (string, bool) {
	if point == "" {
		return topic, true
	}
	if len(topic) <= len(point) || topic[:len(point)] != point {
		return "", false
	}
	return topic[len(point):], true
}

// tooLong tells whether a topic or filter has no room for the mount point.
func tooLong[T ~string | ~[]byte](point string, topic T) bool {
	return len(point)+len(topic) > 65535
}
