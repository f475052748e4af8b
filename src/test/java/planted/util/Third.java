package planted.util;

/** One of three classes of a knot. */
final class Third {
  private final Class<First> next = First.class;

  @Override
  public String toString() {
    return next.getSimpleName();
  }
}
