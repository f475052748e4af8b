// Ids for what this device sends: ULIDs that grow, also within a millisecond, after a reload and when the clock steps back.
// Pure: clock, randomness and the place that remembers the last id come from outside.

const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

export function encodeTime(ms) {
  let text = '';
  for (let i = 0; i < 10; i++) {
    text = DIGITS[ms % 32] + text;
    ms = Math.floor(ms / 32);
  }
  return text;
}

export function increment(ulid) {
  const digits = [...ulid];
  for (let i = digits.length - 1; i >= 0; i--) {
    const value = DIGITS.indexOf(digits[i]);
    if (value < 31) {
      digits[i] = DIGITS[value + 1];
      return digits.join('');
    }
    digits[i] = '0';
  }
  return digits.join('');
}

export function randomPart(random = (bytes) => crypto.getRandomValues(bytes)) {
  return [...random(new Uint8Array(16))].map((byte) => DIGITS[byte & 31]).join('');
}

/** `last.get()` gives the id made before this one (or null), `last.set(id)` keeps the new one. */
export function ulidSource({ last, now = () => Date.now(), random = undefined }) {
  return () => {
    const time = encodeTime(now());
    const before = last.get();
    const usable = typeof before === 'string' && /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(before);
    const id = usable && time <= before.slice(0, 10) ? increment(before) : time + randomPart(random);
    last.set(id);
    return id;
  };
}
