package parley.bench.engine;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/** A growing ASCII buffer in which frames are built. Reusable, not thread-safe. */
public final class FrameText {
  private static final byte[] HEX = ascii("0123456789abcdef");
  private static final byte[] BASE32 = ascii("0123456789ABCDEFGHJKMNPQRSTVWXYZ");

  /**
   * Random letters with the frequencies of English text, so that compression of events is
   * realistic.
   */
  private static final byte[] ENGLISH_LETTERS = englishLetters();

  private byte[] bytes = new byte[1024];
  private int length;

  public static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  FrameText clear() {
    length = 0;
    return this;
  }

  public byte[] bytes() {
    return bytes;
  }

  int length() {
    return length;
  }

  public FrameText add(byte[] more) {
    ensureCapacity(more.length);
    System.arraycopy(more, 0, bytes, length, more.length);
    length += more.length;
    return this;
  }

  public FrameText add(String more) {
    return add(more.getBytes(StandardCharsets.UTF_8));
  }

  /** Appends a non-negative number. */
  public FrameText add(long number) {
    ensureCapacity(20);
    int digits = 1;
    for (long rest = number / 10; rest > 0; rest /= 10) {
      digits++;
    }
    long rest = number;
    for (int i = digits - 1; i >= 0; i--) {
      bytes[length + i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    length += digits;
    return this;
  }

  /** Appends the low bits of a number as hexadecimal digits. */
  public FrameText hex(long number, int digits) {
    return digits(number, digits, 4, HEX);
  }

  /** Appends the low bits of a number as Base32 digits, in the alphabet of ULIDs. */
  public FrameText base32(long number, int digits) {
    return digits(number, digits, 5, BASE32);
  }

  /** Appends a character {@code count} times. */
  public FrameText fill(char with, int count) {
    ensureCapacity(count);
    Arrays.fill(bytes, length, length + count, (byte) with);
    length += count;
    return this;
  }

  /** Appends {@code count} letters that depend only on {@code offset}. */
  FrameText letters(int offset, int count) {
    ensureCapacity(count);
    for (int done = 0; done < count; ) {
      int start = Math.floorMod(offset + done, ENGLISH_LETTERS.length);
      int piece = Math.min(count - done, ENGLISH_LETTERS.length - start);
      System.arraycopy(ENGLISH_LETTERS, start, bytes, length, piece);
      length += piece;
      done += piece;
    }
    return this;
  }

  private static byte[] englishLetters() {
    byte[] weighted =
        ascii(
            " ".repeat(18)
                + "e".repeat(10)
                + "t".repeat(7)
                + "aaaaaaooooooiiiiiinnnnnnssssssrrrrrrhhhhhdddlllluuucccmmmffwwgyppbvk");
    byte[] letters = new byte[1 << 16];
    Random random = new Random(1);
    for (int i = 0; i < letters.length; i++) {
      letters[i] = weighted[random.nextInt(weighted.length)];
    }
    return letters;
  }

  /** Parses the output of {@link #hex}. */
  public static long parseHex(byte[] from, int start, int digits) {
    long number = 0;
    for (int i = start; i < start + digits; i++) {
      number = number << 4 | (from[i] <= '9' ? from[i] - '0' : from[i] - 'a' + 10);
    }
    return number;
  }

  private FrameText digits(long number, int digits, int bits, byte[] alphabet) {
    ensureCapacity(digits);
    long rest = number;
    for (int i = digits - 1; i >= 0; i--) {
      bytes[length + i] = alphabet[(int) (rest & ((1 << bits) - 1))];
      rest >>>= bits;
    }
    length += digits;
    return this;
  }

  private void ensureCapacity(int more) {
    if (length + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
    }
  }

  @Override
  public String toString() {
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }
}
