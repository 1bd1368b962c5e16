// Packets of all clients, or some, as they pass.

import { h, field } from './dom.js';
import { watch, query } from './api.js';
import { packetList } from './packets.js';

export async function trace(element, _, { signal, tell }) {
  const inputs = {
    client: h('input', { name: 'client', autocomplete: 'off' }),
    topic: h('input', { name: 'topic', placeholder: 'home/+/set', autocomplete: 'off' }),
    address: h('input', { name: 'address', autocomplete: 'off' }),
  };
  const hex = h('input', { type: 'checkbox', name: 'hex' });
  const packets = packetList('Packets', () => hex.checked, true);
  const toggle = h('button', {}, 'Start');
  const status = h('p', { role: 'status', class: 'faint' }, 'Nothing is watched.');
  const capture = h('a', { download: 'trace.pcapng' }, 'The same as pcapng, for Wireshark, until the download is cancelled');
  const wanted = () => Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.value]));
  const link = () => capture.setAttribute('href', `/api/v1/trace${query({ ...wanted(), format: 'pcapng' })}`);
  let stop = null;
  let seen = 0;

  const end = () => {
    stop?.();
    stop = null;
    toggle.textContent = 'Start';
  };
  const begin = () => {
    seen = 0;
    packets.clear();
    status.textContent = 'Watching: no packet yet.';
    toggle.textContent = 'Stop';
    stop = watch({ ...wanted(), hex: '1' }, (p) => {
      packets.add(p);
      status.textContent = `Watching: ${++seen} packets.`;
    }, tell);
  };
  signal.addEventListener('abort', end);
  link();
  element.append(h('h2', {}, 'Trace'),
    h('form', {
      class: 'filter',
      input: link,
      submit: (e) => {
        e.preventDefault();
        if (stop) {
          end();
          status.textContent = `Stopped after ${seen} packets.`;
        } else begin();
      },
    }, field('ClientID', inputs.client), field('Topic or filter', inputs.topic), field('Address', inputs.address), h('label', { class: 'check' }, hex, 'with octets'), toggle),
    status, packets.element, h('p', {}, capture));
}
