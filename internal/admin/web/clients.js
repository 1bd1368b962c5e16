// Clients and devices, searched and paged by the server.

import { h, table, field, select, number, seconds, when } from './dom.js';
import { get } from './api.js';

const kinds = [['', 'all'], ['device', 'devices'], ['program', 'programs']];
const states = [['', 'any'], ['active', 'active'], ['asleep', 'asleep'], ['awake', 'awake'], ['connecting', 'connecting'], ['connected', 'connected'], ['offline', 'offline']];
const columns = [['Client'], ['Kind'], ['State'], ['Address'], ['Next wake'], ['Queued', true], ['Dropped', true], ['Retries', true], ['Answers in', true]];

export const clientLink = (id) => h('a', { href: `#/client/${encodeURIComponent(id)}` }, id === '' ? '(empty)' : id);

export async function clients(element, _, { signal, guarded }) {
  const search = h('input', { type: 'search', name: 'search', placeholder: 'a part of the ClientID', autocomplete: 'off' });
  const kind = select('kind', kinds, '');
  const state = select('state', states, '');
  const list = h('div', { 'aria-live': 'polite', 'aria-busy': 'false' });
  let cursors = ['']; // of the pages up to this one
  let asked = 0;

  const load = () => guarded(async () => {
    const mine = ++asked;
    list.setAttribute('aria-busy', 'true');
    const page = await get('clients', { search: search.value, kind: kind.value, state: state.value, after: cursors.at(-1) });
    if (signal.aborted || mine !== asked) return; // there is a newer one
    list.setAttribute('aria-busy', 'false');
    const rows = page.clients.map((c) => [clientLink(c.id), c.kind, h('span', {}, h('span', { class: `key ${c.state}`, 'aria-hidden': 'true' }), c.state), c.address ?? '',
      when(c.wake_due), number(c.queued), number(c.dropped), c.kind === 'device' ? number(c.retries) : '', c.round_trip ? seconds(c.round_trip) : '']);
    list.replaceChildren(
      table(`${number(page.total)} clients`, columns, rows),
      h('div', { class: 'pages' },
        h('button', { type: 'button', disabled: cursors.length === 1, click: () => { cursors.pop(); load(); } }, 'Previous'),
        h('button', { type: 'button', disabled: !page.next, click: () => { cursors.push(page.next); load(); } }, 'Next'),
        h('span', {}, `Page ${cursors.length}`)));
  });
  const again = () => {
    cursors = [''];
    load();
  };
  let pause;
  search.addEventListener('input', () => {
    clearTimeout(pause);
    pause = setTimeout(again, 200);
  });
  signal.addEventListener('abort', () => clearTimeout(pause));
  element.append(h('h2', {}, 'Clients'),
    h('form', { class: 'filter', role: 'search', submit: (e) => { e.preventDefault(); again(); }, change: again },
      field('Search', search), field('Kind', kind), field('State', state), h('button', {}, 'Search')),
    list);
  await load();
}
