package planted.util;

/** One of three classes of a knot. */
final class Second {
  private final Class<Third> next = Third.class;

  @Override
  public String toString() {
    return next.getSimpleName();
  }
}
