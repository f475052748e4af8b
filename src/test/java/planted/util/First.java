package planted.util;

/** One of three classes of a knot. */
final class First {
  private final Class<Second> next = Second.class;

  @Override
  public String toString() {
    return next.getSimpleName();
  }
}
