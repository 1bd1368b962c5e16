// The tree of retained topics, a level at a time.

import { h, table, number, octets } from './dom.js';
import { get, post, session } from './api.js';

const there = (prefix) => `#/retained/${prefix.split('/').map(encodeURIComponent).join('/')}`;

// path shows the way from the root to prefix.
function path(prefix) {
  const steps = prefix.split('/').slice(0, -1);
  return h('nav', { 'aria-label': 'Branch' }, h('a', { href: '#/retained' }, 'all'),
    steps.map((name, i) => h('a', { href: there(`${steps.slice(0, i + 1).join('/')}/`) }, name || '(empty)')));
}

export async function retained(element, prefix, { signal, guarded }) {
  const list = h('div');
  let cursors = [''];
  const load = () => guarded(async () => {
    const page = await get('retained', { prefix, after: cursors.at(-1) });
    if (signal.aborted) return;
    const rows = page.entries.map((e) => (e.branch
      ? [h('a', { href: there(`${prefix}${e.name}/`) }, `${e.name || '(empty)'}/`), 'branch', '', '']
      : [e.name || '(empty)', e.hex ?? e.text ?? '', `${number(e.qos)}`, octets(e.bytes)]).concat([
      !e.branch && session.changes ? h('button', { type: 'button', class: 'plain', 'aria-label': `Clear ${e.topic}`, click: () => guarded(async () => {
        await post('retained/clear', { topic: e.topic });
        await load();
      }) }, 'Clear') : '']));
    list.replaceChildren(
      rows.length ? table(prefix === '' ? 'The root' : prefix, [['Name'], ['Payload'], ['QoS', true], ['Size', true], ['']], rows) : h('p', {}, 'Nothing is retained here.'),
      h('div', { class: 'pages' },
        h('button', { type: 'button', disabled: cursors.length === 1, click: () => { cursors.pop(); load(); } }, 'Previous'),
        h('button', { type: 'button', disabled: !page.next, click: () => { cursors.push(page.next); load(); } }, 'Next')));
  });
  element.append(h('h2', {}, 'Retained messages'), path(prefix), list);
  await load();
}
