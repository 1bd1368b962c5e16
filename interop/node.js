// Does with MQTT.js what the tests ask for: see driver_test.go.
'use strict'
const mqtt = require('mqtt')
const readline = require('readline')

const UNKNOWN = -1 // where MQTT.js does not tell a reason code
const say = (line) => process.stdout.write(JSON.stringify(line) + '\n')
const bytes = (base64) => Buffer.from(base64 || '', 'base64')

// given makes properties as MQTT.js wants them. It takes user properties by
// name, and the values of one name in order.
function given (p) {
  const out = {}
  for (const [name, value] of p.user || []) {
    out.userProperties = out.userProperties || {}
    const values = out.userProperties[name] = out.userProperties[name] || []
    values.push(value)
  }
  if (p.contentType) out.contentType = p.contentType
  if (p.responseTopic) out.responseTopic = p.responseTopic
  if (p.correlation) out.correlationData = bytes(p.correlation)
  if (p.expiry) out.messageExpiryInterval = p.expiry
  if (p.alias) out.topicAlias = p.alias
  return out
}

function told (p = {}) {
  const user = []
  for (const [name, values] of Object.entries(p.userProperties || {})) {
    for (const value of [].concat(values)) user.push([name, value])
  }
  return {
    user,
    contentType: p.contentType || '',
    responseTopic: p.responseTopic || '',
    correlation: (p.correlationData || Buffer.alloc(0)).toString('base64'),
    expiry: p.messageExpiryInterval || 0,
    subscriptions: p.subscriptionIdentifier === undefined ? [] : [].concat(p.subscriptionIdentifier)
  }
}

class Peer {
  constructor (ask) {
    this.v5 = ask.version === 5
    this.acks = new Map() // the reason codes of PUBACK, PUBREC and UNSUBACK, by packet id
    const options = {
      clientId: ask.clientID,
      protocolVersion: ask.version,
      protocolId: ask.version === 3 ? 'MQIsdp' : 'MQTT',
      clean: ask.clean,
      keepalive: ask.keepAlive,
      reconnectPeriod: 0,
      resubscribe: false
    }
    if (this.v5 && ask.expiry) options.properties = { sessionExpiryInterval: ask.expiry }
    if (ask.will) {
      options.will = { topic: ask.will.topic, payload: bytes(ask.will.payload), qos: ask.will.qos, retain: ask.will.retain }
      if (this.v5) options.will.properties = given(ask.will.properties)
    }
    let code = UNKNOWN
    let answered = false
    this.client = mqtt.connect(ask.url, options)
    this.client.on('connect', (packet) => {
      answered = true
      say({
        id: ask.id,
        code: this.v5 ? packet.reasonCode : packet.returnCode,
        session: packet.sessionPresent,
        assigned: (packet.properties || {}).assignedClientIdentifier || ''
      })
    })
    this.client.on('error', (e) => {
      if (!answered) say({ id: ask.id, error: String(e) })
      answered = true
    })
    this.client.on('packetreceive', (packet) => {
      if (packet.cmd === 'puback' || packet.cmd === 'pubrec') this.acks.set(packet.messageId, packet.reasonCode)
      if (packet.cmd === 'unsuback' && this.v5) this.acks.set(packet.messageId, packet.granted[0])
    })
    this.client.on('message', (topic, payload, packet) => say({
      client: ask.client,
      message: {
        topic, payload: payload.toString('base64'), qos: packet.qos, retain: packet.retain, properties: told(packet.properties)
      }
    }))
    this.client.on('disconnect', (packet) => { code = packet.reasonCode })
    this.client.on('close', () => say({ client: ask.client, closed: code }))
  }

  // answer makes a callback that answers with the code that came for the packet
  // sent just now.
  answer (ask, send) {
    let id
    const done = (error) => {
      const code = this.acks.has(id) ? this.acks.get(id) : UNKNOWN
      this.acks.delete(id)
      say(error ? { id: ask.id, error: String(error) } : { id: ask.id, code })
    }
    send(done)
    id = this.client.getLastMessageId()
  }

  publish (ask) {
    const m = ask.message
    const options = { qos: m.qos, retain: m.retain }
    if (this.v5) options.properties = given(m.properties)
    if (m.qos === 0) {
      this.client.publish(m.topic, bytes(m.payload), options, (e) => say(e ? { id: ask.id, error: String(e) } : { id: ask.id, code: UNKNOWN }))
      return
    }
    this.answer(ask, (done) => this.client.publish(m.topic, bytes(m.payload), options, done))
  }

  subscribe (ask) {
    const options = { qos: ask.qos, nl: ask.noLocal, rap: ask.retainAsPublished, rh: ask.retainHandling }
    if (ask.subscription) options.properties = { subscriptionIdentifier: ask.subscription }
    this.client.subscribe(ask.filter, options, (e, granted, packet) => {
      if (e && e.code === undefined) say({ id: ask.id, error: String(e) })
      else say({ id: ask.id, code: e ? e.code : packet.granted[0] })
    })
  }

  unsubscribe (ask) {
    this.answer(ask, (done) => this.client.unsubscribe(ask.filter, done))
  }

  disconnect (ask) {
    this.client.end(false, {}, () => say({ id: ask.id }))
  }

  drop (ask) {
    this.client.stream.destroy()
    this.client.end(true)
    say({ id: ask.id })
  }
}

const peers = {}
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const ask = JSON.parse(line)
  try {
    if (ask.do === 'connect') peers[ask.client] = new Peer(ask)
    else peers[ask.client][ask.do](ask)
  } catch (e) { // the test is told
    say({ id: ask.id, error: String(e) })
  }
}).on('close', () => process.exit())
