// A list of packets that grows at its end, and forgets at its beginning.

import { h, clock } from './dom.js';

const kept = 500;

const precisely = (text) => {
  const at = new Date(text);
  return `${clock(at)}.${String(at.getMilliseconds()).padStart(3, '0')}`;
};

export function packetList(name, withHex = () => false, withClient = false) {
  const list = h('ol', { class: 'log', role: 'log', 'aria-label': name, 'aria-live': 'off', tabindex: '0' });
  return {
    element: list,
    add(p) {
      const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 8;
      const who = withClient ? ` ${p.peer} ${p.client ?? ''}` : '';
      const topic = p.protocol === 'mqttsn' && p.topic ? ` (${p.topic})` : '';
      list.append(h('li', {}, `${precisely(p.at)} ${p.out ? '→' : '←'}${who} ${p.text}${topic}`,
        h('span', { class: 'hidden' }, p.out ? ' to the client' : ' from the client'),
        withHex() && p.hex ? h('div', { class: 'hex' }, p.hex) : null));
      if (list.childElementCount > kept) list.firstElementChild.remove();
      if (atEnd) list.scrollTop = list.scrollHeight;
    },
    clear() {
      list.replaceChildren();
    },
  };
}
