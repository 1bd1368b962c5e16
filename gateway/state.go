package gateway

import "snbroker/mqttsn"

// State of a device's session (SN §6.14, figure 4).
type State uint8

const (
	Disconnected State = iota // nobody is there, or nobody known
	Connecting                // the will dialogue runs
	Active                    // supervised by keep-alive
	Asleep                    // messages are kept for it
	Awake                     // kept messages drain; PINGRESP ends it
	Lost                      // silent past its deadline; the will was published
	numStates    = 6
)

func (s State) String() string {
	return [numStates]string{"disconnected", "connecting", "active", "asleep", "awake", "lost"}[s]
}

// verdict is what happens to a message in a state.
type verdict uint8

const (
	process verdict = iota // the message's handler decides
	ignore                 // counted, nothing else
	refuse                 // DISCONNECT, so that the device connects anew; rate-limited
)

// answers says what each message does in each state; no cell is left out. The
// columns are Disconnected, Connecting, Active, Asleep, Awake, Lost. A device
// in Disconnected or Lost is not bound to an address, so that its messages meet
// the same answers as a stranger's.
var answers = [...][numStates]verdict{
	// SN §6.1: only clients look for gateways. What gateways say is not for us.
	mqttsn.TypeAdvertise: {ignore, ignore, ignore, ignore, ignore, ignore},
	mqttsn.TypeSearchGw:  {process, process, process, process, process, process},
	mqttsn.TypeGwInfo:    {ignore, ignore, ignore, ignore, ignore, ignore},
	// SN §6.2: CONNECT always starts the dialogue anew.
	mqttsn.TypeConnect: {process, process, process, process, process, process},
	// AUTH, which the standard does not have, follows a CONNECT or means nothing.
	mqttsn.TypeAuth:         {ignore, process, ignore, ignore, ignore, ignore},
	mqttsn.TypeConnAck:      {ignore, ignore, ignore, ignore, ignore, ignore},
	mqttsn.TypeWillTopicReq: {ignore, ignore, ignore, ignore, ignore, ignore},
	mqttsn.TypeWillTopic:    {refuse, process, process, ignore, ignore, refuse},
	mqttsn.TypeWillMsgReq:   {ignore, ignore, ignore, ignore, ignore, ignore},
	mqttsn.TypeWillMsg:      {refuse, process, process, ignore, ignore, refuse},
	// SN §6.14 wants a sleeper to CONNECT before it sends. Those that do not
	// are served all the same; their state stays.
	mqttsn.TypeRegister: {refuse, ignore, process, process, process, refuse},
	mqttsn.TypeRegAck:   {ignore, ignore, process, process, process, ignore},
	// QoS -1 is handled before states are asked.
	mqttsn.TypePublish: {refuse, ignore, process, process, process, refuse},
	mqttsn.TypePubAck:  {ignore, ignore, process, process, process, ignore},
	mqttsn.TypePubComp: {ignore, ignore, process, process, process, ignore},
	mqttsn.TypePubRec:  {ignore, ignore, process, process, process, ignore},
	// PUBREL is repeated until its PUBCOMP comes, so it is a request.
	mqttsn.TypePubRel:      {refuse, ignore, process, process, process, refuse},
	mqttsn.TypeSubscribe:   {refuse, ignore, process, process, process, refuse},
	mqttsn.TypeSubAck:      {ignore, ignore, ignore, ignore, ignore, ignore},
	mqttsn.TypeUnsubscribe: {refuse, ignore, process, process, process, refuse},
	mqttsn.TypeUnsubAck:    {ignore, ignore, ignore, ignore, ignore, ignore},
	// A PINGREQ with a ClientID finds its session whatever its address.
	mqttsn.TypePingReq:  {refuse, ignore, process, process, process, refuse},
	mqttsn.TypePingResp: {ignore, ignore, process, process, process, ignore},
	// A lost reply to DISCONNECT must not leave the device waiting.
	mqttsn.TypeDisconnect:    {refuse, process, process, process, process, refuse},
	mqttsn.TypeWillTopicUpd:  {refuse, ignore, process, process, process, refuse},
	mqttsn.TypeWillTopicResp: {ignore, ignore, ignore, ignore, ignore, ignore},
	mqttsn.TypeWillMsgUpd:    {refuse, ignore, process, process, process, refuse},
	mqttsn.TypeWillMsgResp:   {ignore, ignore, ignore, ignore, ignore, ignore},
}
