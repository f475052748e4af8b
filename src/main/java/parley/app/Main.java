package parley.app;

/** Starts the server. */
public final class Main {
  private Main() {}

  /** Runs the program. */
  public static void main(String[] args) {
    System.out.println(Runtime.version());
  }
}
