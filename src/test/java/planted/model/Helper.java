package planted.model;

/** Has the simple name of another class. */
public final class Helper {
  private Helper() {}
}
