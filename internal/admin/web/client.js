// All about one client; of a device also how it sleeps, and what that costs it. What
// it did is known from when the page was opened on: nothing is recorded before.

import { h, table, tiles, number, octets, seconds, when } from './dom.js';
import { get, post, watch, session } from './api.js';
import { poll } from './poll.js';
import { packetList } from './packets.js';

// follows is the state that a packet of a device leads to, if it does.
function follows(p) {
  if (p.protocol !== 'mqttsn') return '';
  if (p.out && p.state === 'awake' && p.text.startsWith('PINGRESP')) return 'asleep';
  if (!p.out && p.state === 'asleep' && p.text.startsWith('PINGREQ')) return 'awake';
  if (p.out && p.text.startsWith('CONNACK rc=accepted')) return 'active';
  return '';
}

// History is what the client did while the page was open.
class History {
  constructor() {
    this.stays = []; // { state, from, to }
    this.wakes = 0;
    this.packets = { in: 0, out: 0 };
    this.octets = { in: 0, out: 0 };
  }

  at(state, now) {
    const last = this.stays.at(-1);
    now = Math.max(now, last?.to ?? 0);
    if (last) last.to = now;
    if (last?.state === state) return;
    if (state === 'awake') this.wakes++;
    this.stays.push({ state, from: now, to: now });
    if (this.stays.length > 200) this.stays.shift();
  }

  packet(p) {
    const way = p.out ? 'out' : 'in';
    this.packets[way]++;
    this.octets[way] += p.bytes;
    const then = Date.parse(p.at);
    this.ahead ??= Date.now() - then; // of the server's clock
    const now = then + this.ahead;
    if (p.state) this.at(p.state, now);
    const next = follows(p);
    if (next) this.at(next, now);
  }

  // spent is how long it was in some states, in seconds.
  spent(...states) {
    return this.stays.filter((s) => states.includes(s.state)).reduce((sum, s) => sum + s.to - s.from, 0) / 1000;
  }
}

function timeline(history) {
  const { stays } = history;
  const begun = stays[0]?.from ?? 0;
  const whole = Math.max(1, (stays.at(-1)?.to ?? 0) - begun);
  const bar = h('div', { class: 'timeline', role: 'img', 'aria-label': `The last ${seconds(whole / 1000)}: ${stays.slice(-5).map((s) => `${s.state} for ${seconds((s.to - s.from) / 1000)}`).join(', ')}` });
  for (const s of stays) {
    const part = h('span', { class: s.state, title: `${s.state} for ${seconds((s.to - s.from) / 1000)}` });
    part.style.flexGrow = (s.to - s.from) / whole;
    bar.append(part);
  }
  const keys = h('p', { class: 'faint' }, [...new Set(stays.map((s) => s.state))].map((s) => [h('span', { class: `key ${s}`, 'aria-hidden': 'true' }), `${s} `]).flat());
  return [bar, keys];
}

function facts(c) {
  return tiles([
    ['State', c.state], ['Kind', c.kind], ['Address', c.address ?? ''], ['Listener', c.listener ?? ''], ['MQTT', c.version ?? ''], ['User', c.user ?? 'anonymous'],
    ['Keep-alive', c.keep_alive ? seconds(c.keep_alive) : ''], ['Sleeps for', c.sleep ? seconds(c.sleep) : ''], ['Heard', when(c.heard)], ['Next wake', when(c.wake_due)],
    ['Lost', when(c.lost_at)], ['Congested until', when(c.congested_until)], ['Waiting', `${number(c.queued)}, ${octets(c.queued_bytes)}`], ['On their way', number(c.inflight)],
    ['Dropped', number(c.dropped)], ['Will', c.has_will ? 'yes' : 'no'], ['Session kept', c.expiry === 0 ? 'no' : seconds(c.expiry)], ['On the disk', c.durable ? 'yes' : 'no'],
  ]);
}

function battery(c, history) {
  const awake = history.spent('awake', 'active', 'connecting');
  const asleep = history.spent('asleep');
  const all = awake + asleep;
  return tiles([
    ['Wakes', number(history.wakes)], ['Awake', all ? `${number((awake / all) * 100)} % of ${seconds(all)}` : ''],
    ['Sent', `${number(history.packets.in)}, ${octets(history.octets.in)}`], ['Received', `${number(history.packets.out)}, ${octets(history.octets.out)}`],
    ['Asked again', number(c.retries)], ['Answers in', c.round_trip ? seconds(c.round_trip) : 'not known'],
  ]);
}

export async function client(element, id, { signal, guarded, tell }) {
  const live = h('div');
  const more = h('div');
  const history = new History();
  const packets = packetList('Last packets');
  const kick = h('button', { type: 'button', click: () => guarded(async () => {
    await post('disconnect', { id });
    await load();
  }) }, 'Disconnect');
  element.append(h('h2', {}, id || '(empty)'), session.changes ? kick : '', live, h('h3', {}, 'Packets, while this page is open'), packets.element, more);

  const load = () => guarded(async () => {
    const c = await get('client', { id });
    if (signal.aborted) return;
    history.at(c.state, Date.now());
    kick.disabled = c.state === 'offline';
    live.replaceChildren(facts(c), c.kind === 'device' ? h('section', { 'aria-label': 'Sleep and battery' }, h('h3', {}, 'Sleep, and what costs battery, while this page is open'), ...timeline(history), battery(c, history)) : '');
    more.replaceChildren(
      h('h3', {}, 'Why messages were dropped'),
      c.last_drops.length ? table(`${c.drops_by_reason.map((d) => `${d.name} ${number(d.n)}`).join(', ')}; the last ones`, [['Time'], ['Topic'], ['QoS', true], ['Why']],
        c.last_drops.map((d) => [when(d.at), d.topic, d.qos, `${d.reason}: ${d.why}`])) : h('p', {}, 'None was.'),
      h('h3', {}, 'Subscriptions'), table(number(c.filters.length), [['Filter'], ['QoS', true]], c.filters.map((f) => [f.filter, f.qos])),
      ...(c.topics.length ? [h('h3', {}, 'Topic ids'), table(number(c.topics.length), [['Id', true], ['Type'], ['Topic'], ['Known to the device']],
        c.topics.map((t) => [t.id, t.type, t.name, t.confirmed ? 'yes' : 'not yet']))] : []));
  });

  let soon;
  const stop = watch({ client: id, hex: '1' }, (p) => {
    history.packet(p);
    packets.add(p);
    clearTimeout(soon);
    soon = setTimeout(load, 300); // not with each packet
  }, tell);
  signal.addEventListener('abort', () => {
    clearTimeout(soon);
    stop();
  });
  await poll(5000, signal, load);
}
