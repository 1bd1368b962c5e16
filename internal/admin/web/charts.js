// Charts over the last minutes, with a description for those who do not see them.

import { h, number } from './dom.js';

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// chart draws series of numbers: [name, unit]. add takes a time in seconds and a
// value for each.
export function chart(title, series, signal, kept = 1000) {
  const place = h('div');
  const text = h('p', { class: 'hidden', 'aria-live': 'off' });
  const figure = h('figure', { role: 'group', 'aria-label': title }, h('figcaption', {}, title), place, text);
  const data = [[], ...series.map(() => [])];
  let plot = null;

  const draw = () => {
    plot?.destroy();
    const axis = { stroke: color('--faint'), grid: { stroke: color('--line'), width: 1 }, ticks: { stroke: color('--line') } };
    plot = new uPlot({
      width: Math.max(200, place.clientWidth),
      height: 220,
      scales: { y: { range: (_, least, most) => [Math.min(0, least), most > 0 ? most * 1.1 : 1] } },
      axes: [axis, { ...axis, size: 60 }],
      series: [{}, ...series.map(([name, unit], i) => ({
        label: unit ? `${name} (${unit})` : name,
        stroke: color(`--series-${i + 1}`),
        width: 2,
        dash: i ? [[], [6, 4], [2, 3], [10, 3, 2, 3]][i] : [],
        points: { show: true, size: 4 },
        value: (_, v) => (v == null ? '' : number(v)),
      }))],
    }, data, place);
  };

  const watch = new ResizeObserver(() => plot?.setSize({ width: Math.max(200, place.clientWidth), height: 220 }));
  watch.observe(place);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plot && draw(), { signal });
  signal.addEventListener('abort', () => {
    watch.disconnect();
    plot?.destroy();
  });

  return {
    figure,
    // fill begins with what is known already: rows of a time and values.
    fill(rows) {
      rows.forEach(([at, values]) => {
        data[0].push(at);
        values.forEach((v, i) => data[i + 1].push(v));
      });
      if (rows.length) draw();
    },
    add(at, values) {
      if (!data[0].length) { // a minute, to begin with
        data[0].push(at - 60);
        series.forEach((_, i) => data[i + 1].push(null));
      }
      data[0].push(at);
      values.forEach((v, i) => data[i + 1].push(v));
      if (data[0].length > kept) data.forEach((d) => d.shift());
      if (plot) plot.setData(data);
      else draw();
      if (plot.cursor.left < 0) plot.setLegend({ idx: data[0].length - 1 }); // nobody points at another
      text.textContent = `Now: ${series.map(([name, unit], i) => `${name} ${values[i] == null ? 'not known' : `${number(values[i])} ${unit}`}`).join(', ')}`;
    },
  };
}
