package parley.client;

import com.github.f4b6a3.ulid.UlidCreator;

/** Makes ids as clients do: they carry their time and grow. */
public final class ClientIds {
  private ClientIds() {}

  public static String next() {
    return UlidCreator.getMonotonicUlid().toString();
  }

  /** A username that no other test has. */
  public static String username(String stem) {
    String ulid = next().toLowerCase(java.util.Locale.ROOT);
    return stem + "-" + ulid.substring(ulid.length() - 14);
  }
}
