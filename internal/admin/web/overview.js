// The program in numbers, and how they move.

import { h, table, tiles, number, short, octets, seconds } from './dom.js';
import { get } from './api.js';
import { poll } from './poll.js';
import { chart } from './charts.js';

// rate is how fast a count grew, a second.
const rate = (now, before, name) => (now[name] - before[name]) / ((new Date(now.at) - new Date(before.at)) / 1000);

// mean is how long one of what happened meanwhile took, in milliseconds; null: none.
const mean = (now, before, count, time) => {
  const n = now[count] - before[count];
  return n > 0 ? ((now[time] - before[time]) / n) * 1000 : null;
};

const total = (counts) => counts.reduce((sum, c) => sum + c.n, 0);

export async function overview(element, _, { signal, guarded }) {
  const numbers = h('div');
  const traffic = chart('Messages a second', [['published', '/s'], ['delivered', '/s'], ['dropped', '/s']], signal);
  const latency = chart('Latency', [['commit to disk', 'ms'], ['devices answer', 'ms']], signal);
  const devices = chart('Devices by state', [['active', ''], ['asleep', ''], ['awake', ''], ['connecting', '']], signal);
  const details = h('div');
  element.append(h('h2', {}, 'Overview'), numbers, h('div', { class: 'charts' }, traffic.figure, latency.figure, devices.figure), details);
  let before = null;
  await guarded(async () => {
    const past = await get('history');
    if (signal.aborted) return;
    const rows = (values) => past.map((p) => [new Date(p.at) / 1000, values(p)]);
    const of = (p, state) => p.devices.find((d) => d.name === state).n;
    traffic.fill(rows((p) => [p.published, p.delivered, p.dropped]));
    latency.fill(rows((p) => [p.commit, p.round_trip]));
    devices.fill(rows((p) => ['active', 'asleep', 'awake', 'connecting'].map((state) => of(p, state))));
  });

  await poll(2000, signal, () => guarded(async () => {
    const now = await get('overview');
    const state = Object.fromEntries(now.devices.map((d) => [d.name, d.n]));
    numbers.replaceChildren(
      now.ready.ok ? '' : h('p', { class: 'bad' }, `Not ready: ${now.ready.reason}`),
      tiles([
        ['Sessions', short(now.sessions)], ['Connected', short(now.connected)], ['Devices asleep', short(state.asleep)],
        ['Subscriptions', short(now.subscriptions)], ['Retained', short(now.retained)], ['Waiting in queues', short(now.queued)],
        ['They hold', octets(now.queued_bytes)], ['Dropped', short(total(now.dropped))], ['Devices lost', short(now.devices_lost)],
        ['Logins refused', short(total(now.auth_refused))], ['Running for', seconds(now.uptime)],
      ]));
    if (before && now.uptime > before.uptime) {
      const at = new Date(now.at) / 1000;
      const dropped = (total(now.dropped) - total(before.dropped)) / ((new Date(now.at) - new Date(before.at)) / 1000);
      traffic.add(at, [rate(now, before, 'published'), rate(now, before, 'delivered'), dropped]);
      latency.add(at, [mean(now, before, 'commits', 'commit_time'), mean(now, before, 'round_trips', 'round_trip_time')]);
      devices.add(at, [state.active, state.asleep, state.awake, state.connecting]);
    } else if (!before) {
      await moreOf(details, now);
    }
    before = now;
  }));
}

// moreOf tells what does not move as fast.
async function moreOf(element, now) {
  const [listeners, store] = await Promise.all([get('listeners'), get('store')]);
  const some = (l, ...names) => number(l.counts.filter((c) => names.includes(c.name)).reduce((sum, c) => sum + c.n, 0));
  const away = (l) => l.counts.some((c) => c.name === 'open' && !c.n); // a serial line
  element.replaceChildren(
    h('h3', {}, 'Listeners'),
    table('What is listened on', [['Protocol'], ['Address'], ['Connections', true], ['In', true], ['Out', true], ['Lost', true], ['Anonymous']],
      listeners.map((l) => [l.protocol, `${l.type} ${l.address}${away(l) ? ' (away)' : ''}`, some(l, 'connections', 'sessions'), some(l, 'packets_in', 'datagrams_in'), some(l, 'packets_out', 'datagrams_out'),
        some(l, 'protocol_error', 'send_errors', 'send_drops', 'receive_errors', 'oversized', 'kernel_drops'), l.allow_anonymous ? 'let in' : 'refused'])),
    h('h3', {}, 'Dropped messages'),
    table('Since the start, by reason', [['Reason'], ['Messages', true]], now.dropped.filter((d) => d.n).map((d) => [d.name, number(d.n)])),
    h('h3', {}, 'Store'),
    store.used ? tiles([['Health', store.healthy ? 'good' : store.problem], ['On the disk', octets(store.disk_bytes)], ['Needed of it', octets(store.live_bytes)],
      ['Segments', number(store.segments)], ['Written in a day', octets(store.written_day_bytes)], ['Commits', short(store.commits)],
      ['A commit takes', store.commits ? seconds(store.commit_time / store.commits) : ''], ['The slowest took', seconds(store.slowest_commit)],
      ['Failures', number(store.failures)], ['Damaged stretches', number(store.damage)]])
      : h('p', {}, 'Everything is in memory alone.'));
}
