package truth

import (
	"fmt"
	"time"
)

// Rule is something that a gateway has to keep to.
type Rule uint8

const (
	AtLeastOnce Rule = iota // a message that was taken must arrive
	AtMostOnce              // one of QoS 2, 0 or -1 must not arrive again
	InOrder                 // first arrivals come in the order sent
	OnlySent                // nothing arrives that nobody sent
	Retained                // the last retained message is what a new subscriber gets
	WillDue                 // a device that is lost has its will published
	WillUndue               // one that is not does not
	Answered                // every request is answered
	Remembered              // a connection lasts as long as it was promised
	Rules                   // how many there are
)

func (r Rule) String() string {
	return [Rules]string{"at least once", "at most once", "in order", "only what was sent", "retained",
		"will due", "will not due", "every request answered", "session remembered"}[r]
}

// Why names where the rule is written.
func (r Rule) Why() string {
	return [Rules]string{"MQTT §4.3.2, §4.3.3", "MQTT §4.3.1, §4.3.3", "MQTT §4.6", "MQTT §3.3", "MQTT §3.3.1.3",
		"MQTT-SN §6.3, §6.14", "MQTT-SN §6.3, §6.12", "MQTT-SN §6.13", "MQTT-SN §6.11, §6.14"}[r]
}

// Violation is a rule not kept to.
type Violation struct {
	Rule    Rule
	At      time.Duration
	Device  string
	Topic   string
	Message uint32 // its number in the stream, from 1; 0 if it is about none
	Text    string // what happened, without device and rule
}

func (v Violation) String() string {
	subject := v.Device
	if v.Message > 0 {
		subject += fmt.Sprintf(", message %d", v.Message)
	}
	if v.Topic != "" {
		subject += " on " + v.Topic
	}
	return fmt.Sprintf("%s: %s (%s, at %v)", subject, v.Text, v.Rule, round(v.At))
}

func round(d time.Duration) time.Duration {
	if d > 10*time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(100 * time.Microsecond)
}
