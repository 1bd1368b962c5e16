package mqtt

// To add a property:
//
//  1. Give it a propertyID below and a row in properties: what its value looks
//     like, and in which packets a client and a server may send it.
//  2. Give each of those packets' Properties a field. Say in its comment what
//     zero means, and whether it is a Has field, nil, or zero that is absence.
//  3. Read it in the decode method of those Properties and write it where they
//     are written: write, or AppendTo; for PUBLISH also count it in size. One
//     that a server must pass on unaltered is part of Forward instead: see
//     inForward and ForwardProperties.
//  4. Add bytes to packets_test.go, and to testdata/reject.txt for a wrong
//     packet, a duplicate, and a value out of range.
//  5. Show it in describe.go.

type propertyID uint8

const (
	propPayloadFormat        propertyID = 0x01
	propMessageExpiry        propertyID = 0x02
	propContentType          propertyID = 0x03
	propResponseTopic        propertyID = 0x08
	propCorrelationData      propertyID = 0x09
	propSubscriptionID       propertyID = 0x0B
	propSessionExpiry        propertyID = 0x11
	propAssignedClientID     propertyID = 0x12
	propServerKeepAlive      propertyID = 0x13
	propAuthMethod           propertyID = 0x15
	propAuthData             propertyID = 0x16
	propRequestProblemInfo   propertyID = 0x17
	propWillDelay            propertyID = 0x18
	propRequestResponseInfo  propertyID = 0x19
	propResponseInformation  propertyID = 0x1A
	propServerReference      propertyID = 0x1C
	propReasonString         propertyID = 0x1F
	propReceiveMaximum       propertyID = 0x21
	propTopicAliasMaximum    propertyID = 0x22
	propTopicAlias           propertyID = 0x23
	propMaximumQoS           propertyID = 0x24
	propRetainAvailable      propertyID = 0x25
	propUser                 propertyID = 0x26
	propMaximumPacketSize    propertyID = 0x27
	propWildcardSubAvailable propertyID = 0x28
	propSubIDAvailable       propertyID = 0x29
	propSharedSubAvailable   propertyID = 0x2A
)

// kind is the type of a property's value, and which values it excludes.
type kind uint8

const (
	kindNone     kind = iota // no such property
	kindBit                  // one byte, 0 or 1
	kindUint16               // two byte integer
	kindCount16              // the same, not 0
	kindAlias                // the same, with the error of a topic alias
	kindUint32               // four byte integer
	kindCount32              // the same, not 0
	kindCountVar             // variable byte integer, not 0
	kindText                 // UTF-8 encoded string
	kindTopic                // the same, a topic name
	kindBinary               // binary data
	kindPair                 // UTF-8 string pair
)

type propertyInfo struct {
	kind           kind
	client, server packetSet // who may send it where
	repeat         packetSet // where it may occur more than once
}

const (
	inMessage   = inPublish | inWill
	inReasoning = inAcks | inDisconnect | inAuth // packets of both ends that carry a reason
	inAnywhere  = inMessage | inReasoning | inConnect | inConnack | inSubscribe | inSuback | inUnsubscribe | inUnsuback
)

// properties is table 2-4 of 5.0, with the direction that its text adds.
var properties = [...]propertyInfo{
	propPayloadFormat:        {kindBit, inMessage, inPublish, 0},
	propMessageExpiry:        {kindUint32, inMessage, inPublish, 0},
	propContentType:          {kindText, inMessage, inPublish, 0},  // [MQTT-3.3.2-19]
	propResponseTopic:        {kindTopic, inMessage, inPublish, 0}, // [MQTT-3.3.2-13] [MQTT-3.3.2-14]
	propCorrelationData:      {kindBinary, inMessage, inPublish, 0},
	propSubscriptionID:       {kindCountVar, inSubscribe, inPublish, inPublish},    // [MQTT-3.3.4-6]
	propSessionExpiry:        {kindUint32, inConnect | inDisconnect, inConnack, 0}, // [MQTT-3.14.2-2]
	propAssignedClientID:     {kindText, 0, inConnack, 0},
	propServerKeepAlive:      {kindUint16, 0, inConnack, 0},
	propAuthMethod:           {kindText, inConnect | inAuth, inConnack | inAuth, 0},
	propAuthData:             {kindBinary, inConnect | inAuth, inConnack | inAuth, 0},
	propRequestProblemInfo:   {kindBit, inConnect, 0, 0},
	propWillDelay:            {kindUint32, inWill, 0, 0},
	propRequestResponseInfo:  {kindBit, inConnect, 0, 0},
	propResponseInformation:  {kindText, 0, inConnack, 0},
	propServerReference:      {kindText, 0, inConnack | inDisconnect, 0},
	propReasonString:         {kindText, inReasoning, inReasoning | inConnack | inSuback | inUnsuback, 0},
	propReceiveMaximum:       {kindCount16, inConnect, inConnack, 0},
	propTopicAliasMaximum:    {kindUint16, inConnect, inConnack, 0},
	propTopicAlias:           {kindAlias, inPublish, inPublish, 0},
	propMaximumQoS:           {kindBit, 0, inConnack, 0},
	propRetainAvailable:      {kindBit, 0, inConnack, 0},
	propUser:                 {kindPair, inAnywhere, inAnywhere, inAnywhere},
	propMaximumPacketSize:    {kindCount32, inConnect, inConnack, 0},
	propWildcardSubAvailable: {kindBit, 0, inConnack, 0},
	propSubIDAvailable:       {kindBit, 0, inConnack, 0},
	propSharedSubAvailable:   {kindBit, 0, inConnack, 0},
}

// inForward holds a bit for each property that a server must pass on
// unaltered: [MQTT-3.3.2-4] [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-17]
// [MQTT-3.3.2-20].
const inForward uint64 = 1<<propPayloadFormat | 1<<propContentType | 1<<propResponseTopic |
	1<<propCorrelationData | 1<<propUser
