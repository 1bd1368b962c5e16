// Which page is shown, and to whom.

import { h, field } from './dom.js';
import { session, whoAmI, login, logout, Failed } from './api.js';
import { overview } from './overview.js';
import { clients } from './clients.js';
import { client } from './client.js';
import { retained } from './retained.js';
import { trace } from './trace.js';
import { settings } from './settings.js';

// A page gets its element, the rest of its path and a signal for its end.
const pages = { '': overview, clients, client, retained, trace, settings };
const main = document.getElementById('main');
const problem = document.getElementById('problem');
let ending = new AbortController();
let shown = false;

// show leads to the page that the address names.
async function show() {
  ending.abort();
  ending = new AbortController();
  const { signal } = ending;
  if (session.login && !session.user) return askLogin();
  const [name, ...rest] = location.hash.replace(/^#\/?/, '').split('/');
  const page = pages[name] ?? overview;
  for (const a of document.querySelectorAll('nav a')) {
    const mine = a.hash.replace(/^#\/?/, '');
    if (mine === name || (mine === 'clients' && name === 'client')) a.setAttribute('aria-current', 'page');
    else a.removeAttribute('aria-current');
  }
  const element = h('div');
  main.replaceChildren(element);
  if (shown) main.focus({ preventScroll: true });
  shown = true;
  tell('');
  await guarded(() => page(element, rest.map(decodeURIComponent).join('/'), { signal, tell, guarded }));
}

// guarded runs something that may fail, and tells how.
async function guarded(run) {
  const { signal } = ending;
  try {
    await run();
    if (!signal.aborted) tell('');
  } catch (e) {
    if (signal.aborted) return;
    if (e instanceof Failed && e.status === 401) {
      session.user = '';
      session.login = true;
      askLogin();
      return;
    }
    tell(e.message);
    if (!(e instanceof Failed)) throw e;
  }
}

function tell(text) {
  if (problem.textContent !== text) problem.textContent = text;
}

function greet() {
  const who = document.getElementById('who');
  if (session.user) {
    who.replaceChildren(`${session.user} `, h('button', { class: 'plain', type: 'button', click: leave }, 'Log out'));
  } else {
    who.textContent = session.login ? '' : 'looking only: nobody can log in';
  }
}

async function leave() {
  await guarded(logout);
  greet();
  show();
}

function askLogin() {
  ending.abort();
  greet();
  const user = h('input', { name: 'user', autocomplete: 'username', required: true });
  const password = h('input', { name: 'password', type: 'password', autocomplete: 'current-password', required: true });
  const form = h('form', {
    class: 'login',
    submit: async (e) => {
      e.preventDefault();
      try {
        await login(user.value, password.value);
        tell('');
        greet();
        show();
      } catch (wrong) {
        tell(wrong.message);
        password.value = '';
        password.focus();
      }
    },
  }, field('User', user), field('Password', password), h('button', {}, 'Log in'));
  main.replaceChildren(h('h2', {}, 'Log in'), form);
  user.focus();
}

addEventListener('hashchange', show);
await guarded(whoAmI);
document.title = `snbroker ${session.version}`;
greet();
await show();
