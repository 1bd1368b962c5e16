// poll runs something now and every so often, as long as the page is seen and its
// signal is not aborted. Nobody is asked for a page that nobody looks at.
export function poll(every, signal, run) {
  let timer;
  let running = false;
  const turn = async () => {
    clearTimeout(timer);
    if (signal.aborted || document.hidden || running) return;
    running = true;
    await run();
    running = false;
    if (!signal.aborted) timer = setTimeout(turn, every);
  };
  document.addEventListener('visibilitychange', turn, { signal });
  signal.addEventListener('abort', () => clearTimeout(timer));
  return turn();
}
