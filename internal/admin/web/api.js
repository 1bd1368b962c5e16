// The API, as this page's user.

export const session = { login: false, user: '', csrf: '', changes: false, version: '' };

// Failed is what the API says in place of an answer.
export class Failed extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

async function ask(method, path, body) {
  const headers = {};
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  if (method !== 'GET' && session.csrf) headers['X-CSRF-Token'] = session.csrf;
  let r;
  try {
    r = await fetch(`/api/v1/${path}`, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Failed(0, 'snbroker does not answer');
  }
  const text = await r.text();
  const answer = text ? JSON.parse(text) : null;
  if (!r.ok) throw new Failed(r.status, answer?.error ?? r.statusText);
  return answer;
}

// query makes "?a=1&b=2" of what is not empty.
export function query(params) {
  const q = new URLSearchParams(Object.entries(params).filter(([, v]) => v !== '' && v != null));
  return q.size ? `?${q}` : '';
}

export const get = (path, params = {}) => ask('GET', path + query(params));
export const post = (path, body) => ask('POST', path, body);

export async function whoAmI() {
  Object.assign(session, await get('session'));
}

export async function login(user, password) {
  Object.assign(session, await post('session', { user, password }));
}

export async function logout() {
  await ask('DELETE', 'session');
  Object.assign(session, { user: '', csrf: '', changes: false });
}

// watch follows packets until the returned function is called.
export function watch(params, packet, trouble) {
  const source = new EventSource(`/api/v1/trace${query({ ...params, format: 'events' })}`);
  source.onmessage = (e) => packet(JSON.parse(e.data));
  source.addEventListener('lost', (e) => trouble(`${e.data} packets came too fast to be shown`));
  source.onerror = () => trouble(source.readyState === EventSource.CLOSED ? 'the trace has ended' : 'connecting again');
  return () => source.close();
}
