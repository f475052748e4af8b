// A small popup menu at an element: arrows move, Enter chooses, Esc closes and gives the focus back.

import { h, icon } from './dom.js';

let close = () => {};

export const closeMenu = () => close();

/** `rows` are `{icon, label, run, danger?}`; `quick` are strings shown in a line on top, `onQuick(string)` takes one. */
export function openMenu(anchor, { label, rows, quick = [], chosen = null, onQuick = null, at = null, container = document.body }) {
  close();
  const back = document.activeElement;
  const choose = (run) => () => {
    close();
    run();
  };
  const line = quick.map((text) =>
    h('button', { type: 'button', role: 'menuitemcheckbox', 'aria-checked': String(text === chosen), class: 'quick', 'aria-label': `React ${text}`, onclick: choose(() => onQuick(text)) }, text),
  );
  const menu = h(
    'div',
    { class: 'menu', role: 'menu', 'aria-label': label },
    line.length > 0 ? h('div', { class: 'quick-line' }, line) : null,
    rows.map((row) =>
      h('button', { type: 'button', role: 'menuitem', class: row.danger ? 'menu-row danger' : 'menu-row', onclick: choose(row.run) }, icon(row.icon), row.label),
    ),
  );
  container.append(menu);
  place(menu, at ?? anchor.getBoundingClientRect());
  anchor.setAttribute('aria-expanded', 'true');
  const buttons = [...menu.querySelectorAll('button')];
  buttons[0]?.focus({ preventScroll: true });

  const onKey = (event) => {
    const index = buttons.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (step) buttons[(index + step + buttons.length) % buttons.length].focus();
    else if (event.key === 'Home') buttons[0].focus();
    else if (event.key === 'End') buttons[buttons.length - 1].focus();
    else if (event.key === 'Escape' || event.key === 'Tab') close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const onPointer = (event) => menu.contains(event.target) || close();
  menu.addEventListener('keydown', onKey);
  document.addEventListener('pointerdown', onPointer, true);
  window.addEventListener('resize', close);
  close = () => {
    close = () => {};
    document.removeEventListener('pointerdown', onPointer, true);
    window.removeEventListener('resize', close);
    anchor.removeAttribute('aria-expanded');
    const had = menu.contains(document.activeElement);
    menu.remove();
    if (had && back?.isConnected) back.focus({ preventScroll: true });
  };
}

function place(menu, box) {
  const { offsetWidth: width, offsetHeight: height } = menu;
  const left = Math.max(8, Math.min(box.right - width, innerWidth - width - 8));
  const below = box.bottom + 4;
  const top = below + height < innerHeight - 8 ? below : Math.max(8, box.top - height - 4);
  menu.style.left = `${left}px`;
  menu.style.top = `${top}px`;
}
