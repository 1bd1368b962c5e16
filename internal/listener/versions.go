package listener

import "snbroker/internal/mqtt"

// Versions is a set of protocol versions.
type Versions uint8

// AllVersions are those that the codec knows.
const AllVersions = Versions(1<<mqtt.V31 | 1<<mqtt.V311 | 1<<mqtt.V5)

// With returns the set with v in it.
func (s Versions) With(v mqtt.Version) Versions { return s | 1<<v }

// Has tells whether v is in the set.
func (s Versions) Has(v mqtt.Version) bool { return s&(1<<v) != 0 }
