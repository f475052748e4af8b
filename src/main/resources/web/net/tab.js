// One tab at a time. A device has one connection, so two tabs of one browser would replace each other for ever. The tab that
// holds the lock is the device; another one waits and offers to take over. The lock goes with its tab.

const LOCK = 'parley.tab';

/**
 * `onActive` when this tab is the one, `onWaiting` when another is (now, or from now on). Returns `takeOver`.
 */
export function claimTab({ onActive, onWaiting }) {
  let queue = null;

  const hold = () => {
    onActive();
    return new Promise(() => {});
  };

  // A stolen lock rejects the request that held it.
  const stolen = (error) => {
    if (error?.name !== 'AbortError' || queue?.signal.aborted) return;
    wait();
  };

  function wait() {
    onWaiting();
    queue = new AbortController();
    const mine = queue;
    navigator.locks.request(LOCK, { signal: mine.signal }, hold).catch((error) => {
      if (!mine.signal.aborted) stolen(error);
    });
  }

  navigator.locks
    .request(LOCK, { ifAvailable: true }, (lock) => (lock ? hold() : wait()))
    .catch(stolen);

  return function takeOver() {
    queue?.abort();
    queue = null;
    navigator.locks.request(LOCK, { steal: true }, hold).catch(stolen);
  };
}
