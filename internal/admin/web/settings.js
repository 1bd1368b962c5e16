// The settings in force, and what the program warned of.

import { h, table, when } from './dom.js';
import { get, post, session } from './api.js';

export async function settings(element, _, { signal, guarded }) {
  const exposed = h('div');
  const warnings = h('div');
  const list = h('div');
  const changed = h('input', { type: 'checkbox', name: 'changed' });
  const reload = h('button', { type: 'button', click: () => guarded(async () => {
    await post('reload');
    await load();
  }) }, 'Read the settings again');
  let all = [];
  const show = () => {
    const rows = all.filter((s) => !changed.checked || !s.default).map((s) => [s.key, s.value, s.default ? 'default' : 'changed']);
    list.replaceChildren(table('In force', [['Setting'], ['Value'], ['']], rows));
  };
  const load = async () => {
    const c = await get('configuration');
    if (signal.aborted) return;
    all = c.settings;
    exposed.replaceChildren(c.exposed ? h('p', { class: 'bad' }, 'Passwords, and all that is shown here, can be read on the way: this is plain HTTP at an address that is not this machine\'s alone. Set cert_file and key_file in [admin].') : '');
    warnings.replaceChildren(c.warnings.length ? table('The last of the log, newest first', [['Time'], ['Level'], ['Text']], c.warnings.map((w) => [when(w.at), w.level, w.text])) : h('p', {}, 'None.'));
    show();
  };
  changed.addEventListener('change', show);
  element.append(h('h2', {}, 'Settings'), session.changes ? reload : '', exposed, h('h3', {}, 'Warnings'), warnings,
    h('h3', {}, 'Settings'), h('label', { class: 'check' }, changed, 'only those that are not the default'), list);
  await load();
}
