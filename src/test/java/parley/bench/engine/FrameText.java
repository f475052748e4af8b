package parley.bench.engine;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/** A growing buffer of ASCII bytes, in which a frame is written. Not thread-safe; reused. */
public final class FrameText {
  private static final byte[] HEX = ascii("0123456789abcdef");
  private static final byte[] BASE32 = ascii("0123456789ABCDEFGHJKMNPQRSTVWXYZ");

  /**
   * Letters as often as in English text, so that what compresses events finds what it would there.
   */
  private static final byte[] PROSE = prose();

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
    room(more.length);
    System.arraycopy(more, 0, bytes, length, more.length);
    length += more.length;
    return this;
  }

  public FrameText add(String more) {
    return add(more.getBytes(StandardCharsets.UTF_8));
  }

  /** A number of zero or more. */
  public FrameText add(long number) {
    room(20);
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

  /** The low bits of a number, as so many digits of hex. */
  public FrameText hex(long number, int digits) {
    return digits(number, digits, 4, HEX);
  }

  /** The low bits of a number, as so many digits of the alphabet of ULIDs. */
  public FrameText base32(long number, int digits) {
    return digits(number, digits, 5, BASE32);
  }

  /** The same character so many times. */
  public FrameText fill(char with, int times) {
    room(times);
    Arrays.fill(bytes, length, length + times, (byte) with);
    length += times;
    return this;
  }

  /** So many letters, others for each place to begin at; the same for the same. */
  FrameText prose(int from, int times) {
    room(times);
    for (int done = 0; done < times; ) {
      int start = Math.floorMod(from + done, PROSE.length);
      int piece = Math.min(times - done, PROSE.length - start);
      System.arraycopy(PROSE, start, bytes, length, piece);
      length += piece;
      done += piece;
    }
    return this;
  }

  private static byte[] prose() {
    byte[] often =
        ascii(
            " ".repeat(18)
                + "e".repeat(10)
                + "t".repeat(7)
                + "aaaaaaooooooiiiiiinnnnnnssssssrrrrrrhhhhhdddlllluuucccmmmffwwgyppbvk");
    byte[] letters = new byte[1 << 16];
    Random random = new Random(1);
    for (int i = 0; i < letters.length; i++) {
      letters[i] = often[random.nextInt(often.length)];
    }
    return letters;
  }

  /** What {@link #hex} wrote there. */
  public static long parseHex(byte[] from, int start, int digits) {
    long number = 0;
    for (int i = start; i < start + digits; i++) {
      number = number << 4 | (from[i] <= '9' ? from[i] - '0' : from[i] - 'a' + 10);
    }
    return number;
  }

  private FrameText digits(long number, int digits, int bits, byte[] alphabet) {
    room(digits);
    long rest = number;
    for (int i = digits - 1; i >= 0; i--) {
      bytes[length + i] = alphabet[(int) (rest & ((1 << bits) - 1))];
      rest >>>= bits;
    }
    length += digits;
    return this;
  }

  private void room(int more) {
    if (length + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
    }
  }

  @Override
  public String toString() {
    return new String(bytes, 0, length, StandardCharsets.UTF_8);
  }
}
