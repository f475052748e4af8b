package parley.archive;

import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Puts one object of a given size. A test runs it where the operating system permits no file of
 * that size.
 */
final class FullDisk {
  private FullDisk() {}

  /** Arguments: folder, key, number of bytes. */
  public static void main(String[] args) {
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try {
      FileObjects objects = new FileObjects(Path.of(args[0]), threads);
      ArchiveHarness.result(
          objects.put(args[1], new byte[Integer.parseInt(args[2])], "text/plain"));
      System.out.println("put");
    } catch (RuntimeException e) {
      Throwable bare = ColdFailures.unwrapped(e);
      System.out.println(
          ColdFailures.classified(e).getClass().getSimpleName() + " " + bare.getMessage());
    } finally {
      threads.shutdown();
    }
  }
}
