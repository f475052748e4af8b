package parley.client;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs {@code keytool}, the JDK's tool for keys and certificates. */
public final class Keytool {
  private Keytool() {}

  /**
   * Runs it, at most a minute.
   *
   * @param arguments separated by spaces, without the password
   */
  public static void run(String arguments, String password)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    builder.command().addAll(Arrays.asList(arguments.split(" ")));
    builder.command().addAll(List.of("-storepass", password));
    Process process = builder.redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IllegalStateException("keytool: " + said);
    }
  }
}
