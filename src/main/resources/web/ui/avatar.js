// The round picture of a person or group: an https picture if there is one, initials otherwise.

import { hue, initials, pictureUrl } from '../core/text.js';
import { h, icon } from './dom.js';

export function avatar({ id, name, url, group = false, online = false, size = '' }) {
  const letters = group && initials(name) === '#' ? icon('people') : initials(name);
  const element = h('span', { class: `avatar hue-${hue(id)} ${size}`.trim(), 'aria-hidden': 'true' }, letters);
  const source = pictureUrl(url);
  if (source) {
    const image = h('img', { src: source, alt: '', referrerpolicy: 'no-referrer', loading: 'lazy' });
    image.addEventListener('error', () => image.remove());
    element.append(image);
  }
  if (online) element.append(h('span', { class: 'online-dot' }));
  return element;
}
