package device

import (
	"flag"
	"fmt"
	"strconv"

	"snbroker/mqttsn"
	"snbroker/mqttsn/client"
)

// Topics collects -t, -T and -s, in their order.
type Topics []client.Topic

// Register adds the three flags.
func (t *Topics) Register(f *flag.FlagSet, name string) {
	f.Func("t", "topic `name`"+name, func(s string) error {
		if s == "" {
			return fmt.Errorf("a topic name is not empty")
		}
		return t.add(client.Named(s))
	})
	f.Func("T", "predefined topic `id`, which the gateway must be configured with", func(s string) error {
		id, err := strconv.ParseUint(s, 10, 16)
		if err != nil || id == 0 || id == 0xFFFF {
			return fmt.Errorf("a topic id is from 1 to 65534")
		}
		return t.add(client.Predefined(mqttsn.TopicID(id)))
	})
	f.Func("s", "short topic `name`: two octets that need no registration", func(s string) error {
		if len(s) != 2 {
			return fmt.Errorf("a short topic name has two octets")
		}
		return t.add(client.Short(s))
	})
}

func (t *Topics) add(topic client.Topic) error {
	*t = append(*t, topic)
	return nil
}
