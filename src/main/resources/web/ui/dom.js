// Making elements. Text only ever becomes text: there is no way here to pass markup.

/** `h('button', {class: 'x', onclick: f, 'aria-label': '…'}, 'text', child, null)` */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'value' || name === 'disabled' || name === 'hidden') element[name] = value;
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  append(element, children);
  return element;
}

export function append(parent, children) {
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** A person's words, kept from changing the direction of what stands around them. */
export const bdi = (text, properties = {}) => h('bdi', properties, text);

/**
 * Brings the children of `list` in line with `items`, keeping the elements whose `signature` is unchanged and the keyboard
 * focus where it was.
 */
export function reconcile(list, items, { key, signature, draw }) {
  const known = list.parley ?? new Map();
  const next = new Map();
  const focusedKey = [...known].find(([, { element }]) => element.contains(document.activeElement))?.[0];
  const hadFocus = focusedKey !== undefined ? document.activeElement : null;
  let position = list.firstChild;
  for (const item of items) {
    const id = key(item);
    if (next.has(id)) continue;
    const sign = JSON.stringify(signature(item));
    const old = known.get(id);
    const element = old && old.sign === sign ? old.element : draw(item);
    if (old && old.element !== element) {
      if (position === old.element) position = position.nextSibling;
      old.element.replaceWith(element);
    }
    if (element !== position) list.insertBefore(element, position);
    else position = position.nextSibling;
    next.set(id, { element, sign });
  }
  for (const [id, { element }] of known) if (!next.has(id)) element.remove();
  list.parley = next;
  if (hadFocus && document.activeElement !== hadFocus) {
    const element = next.get(focusedKey)?.element;
    const target = element?.matches('[tabindex],a,button') ? element : element?.querySelector('a,button,[tabindex]');
    target?.focus({ preventScroll: true });
  }
}

const SVG = 'http://www.w3.org/2000/svg';
const PATHS = {
  back: 'M15 5l-7 7 7 7',
  send: 'M4 12L20 4l-5 16-3.500-6.500zM11.500 13.500L20 4',
  plus: 'M12 5v14M5 12h14',
  close: 'M6 6l12 12M18 6L6 18',
  more: 'M12 5.500v.01M12 12v.01M12 18.500v.01',
  reply: 'M9 7L4 12l5 5M4 12h10a6 6 0 016 6v1',
  smile: 'M12 21a9 9 0 100-18 9 9 0 000 18zM8.500 14.500a4.500 4.500 0 007 0M9 9.500v.01M15 9.500v.01',
  edit: 'M4 20l1-4L16 5l3 3L8 19zM14 7l3 3',
  trash: 'M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.500 11v5M13.500 11v5',
  copy: 'M9 9h10v11H9zM5 15V4h10',
  down: 'M12 5v13M6 12.500l6 6 6-6',
  clock: 'M12 21a9 9 0 100-18 9 9 0 000 18zM12 7.500V12l3 2',
  check: 'M5 12.500l4.500 4.500L19 7.500',
  checks: 'M2 12.500l4.500 4.500L15 8M11 15.500l1.500 1.500L22 7.500',
  alert: 'M12 8v5M12 16.500v.01M12 3l9.500 17h-19z',
  people: 'M9 11a3.500 3.500 0 100-7 3.500 3.500 0 000 7zM2.500 20c0-4 2.500-6.500 6.500-6.500s6.500 2.500 6.500 6.500M16 4.500a3.500 3.500 0 010 6.300M18 14c2.200.8 3.500 3 3.500 6',
  chat: 'M4 12c0-4 3.600-7 8-7s8 3 8 7-3.600 7-8 7c-1 0-2-.2-2.900-.5L4.500 20l1.200-3.800A6.600 6.600 0 014 12z',
  search: 'M10.500 17a6.500 6.500 0 100-13 6.500 6.500 0 000 13zM15.500 15.500L20 20',
  logout: 'M10 4H5v16h5M14 8l4 4-4 4M18 12H9',
  mute: 'M5 9v6h4l5 4V5L9 9zM17 9l4 6M21 9l-4 6',
  pin: 'M9 4h6l-1 6 3 3H7l3-3zM12 13v7',
  eye: 'M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12zM12 15a3 3 0 100-6 3 3 0 000 6z',
};

export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('class', `icon icon-${name}`);
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}

export function iconButton(name, label, onclick, properties = {}) {
  return h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick, ...properties }, icon(name));
}
