// Short notes at the edge of the screen, and what a screen reader is told about messages that come in.

import { h, iconButton } from './dom.js';
import { problemText } from '../core/text.js';

const STAY_MS = 6_000;

export function toast(text, kind = 'info') {
  const element = h('div', { class: `toast ${kind}` }, h('span', {}, text));
  element.append(iconButton('close', 'Dismiss', () => element.remove()));
  document.getElementById('toasts').append(element);
  setTimeout(() => element.remove(), STAY_MS);
}

export const toastError = (error) => toast(problemText(error), 'error');

export function announce(text) {
  const announcer = document.getElementById('announcer');
  announcer.append(h('p', {}, text));
  while (announcer.childElementCount > 5) announcer.firstElementChild.remove();
}
