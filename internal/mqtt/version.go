package mqtt

import "strconv"

// Version is the protocol level of a connection. Zero means that no CONNECT
// has been seen.
type Version uint8

const (
	V31  Version = 3 // protocol name "MQIsdp"
	V311 Version = 4
	V5   Version = 5
)

func (v Version) String() string {
	switch v {
	case V31:
		return "3.1"
	case V311:
		return "3.1.1"
	case V5:
		return "5.0"
	}
	return "level " + strconv.Itoa(int(v))
}

func (v Version) known() bool { return v >= V31 && v <= V5 }

// QoS is a quality of service level.
type QoS uint8

const (
	QoS0 QoS = iota // at most once
	QoS1            // at least once
	QoS2            // exactly once
)
