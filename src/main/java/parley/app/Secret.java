package parley.app;

/**
 * A value that no log may show.
 *
 * @param value what it is
 */
public record Secret(String value) {
  @Override
  public String toString() {
    return "[REDACTED]";
  }
}
