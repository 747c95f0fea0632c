// How long is worked on the open section: told to the server for each minute in which somebody was there.

const EVERY = 60, IDLE = 120;  // seconds; who touches nothing for IDLE has gone

// section(): of the notebook in front, if it is one of the course's
export function countTime(section, ask) {
  let touched = 0;
  const touch = () => { touched = Date.now(); };
  for (const kind of ['keydown', 'pointerdown', 'wheel']) document.addEventListener(kind, touch, { capture: true, passive: true });
  setInterval(() => {
    const name = section();
    if (!name || document.hidden || Date.now() - touched > 1000 * IDLE) return;
    ask('worked', { section: name, seconds: EVERY }).catch(() => {});  // a minute that is not remembered disturbs nobody
  }, 1000 * EVERY);
}
