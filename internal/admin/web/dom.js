// Elements and text, made without HTML in strings: nothing that a client sends can
// become a part of the page's code.

// h makes an element. Attributes that are functions listen to events; false and null
// are left out.
export function h(tag, attributes = {}, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') e.addEventListener(name, value);
    else if (value !== false && value != null) e.setAttribute(name, value === true ? '' : value);
  }
  e.append(...children.flat().filter((c) => c !== null && c !== undefined && c !== false));
  return e;
}

// table shows rows of cells. A column is [heading, number?].
export function table(caption, columns, rows) {
  return h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption },
    h('table', {},
      h('caption', {}, caption),
      h('thead', {}, h('tr', {}, columns.map(([text, number]) => h('th', { scope: 'col', class: number ? 'number' : null }, text)))),
      h('tbody', {}, rows.map((row) => h('tr', {}, row.map((cell, i) => h('td', { class: columns[i][1] ? 'number' : null }, cell)))))));
}

// tiles shows names with their values.
export function tiles(pairs) {
  return h('dl', { class: 'tiles' }, pairs.filter(([, value]) => value !== '').map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
}

// field is an input with its label.
export function field(text, input) {
  return h('label', {}, text, input);
}

export function select(name, options, value) {
  return h('select', { name }, options.map(([v, text]) => h('option', { value: v, selected: v === value }, text)));
}

const numbers = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

export const number = (n) => numbers.format(n);
export const short = (n) => (n >= 100000 ? compact.format(n) : numbers.format(n));

export function octets(n) {
  for (const unit of ['B', 'KiB', 'MiB', 'GiB']) {
    if (n < 1024) return `${numbers.format(n)} ${unit}`;
    n /= 1024;
  }
  return `${numbers.format(n)} TiB`;
}

// seconds shows a duration.
export function seconds(s) {
  if (s < 0) return 'for ever';
  if (s > 0 && s < 1) return `${numbers.format(s * 1000)} ms`;
  if (s < 120) return `${numbers.format(s)} s`;
  if (s < 7200) return `${numbers.format(s / 60)} min`;
  if (s < 172800) return `${numbers.format(s / 3600)} h`;
  return `${numbers.format(s / 86400)} d`;
}

// clock is the time of day.
export const clock = (at) => at.toTimeString().slice(0, 8);

// when shows a time as what it is from now.
export function when(text, now = Date.now()) {
  if (!text) return '';
  const at = new Date(text);
  const away = (at - now) / 1000;
  return away > 0 ? `in ${seconds(away)} (${clock(at)})` : `${seconds(-away)} ago (${clock(at)})`;
}
