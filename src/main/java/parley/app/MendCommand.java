package parley.app;

import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import parley.settings.ExitCode;
import parley.settings.Settings;
import parley.store.Store;
import parley.store.StoreRefusedException;

/**
 * The command {@code mend [name]}: repairs the marks by which DynamoDB's journal finds the last
 * event of an entity, of one entity (by its name in the journal) or of all. {@code verify} reports
 * marks that are wrong. Uses the settings of the server and may run beside it. The embedded store
 * has no marks.
 */
final class MendCommand {
  /** The first argument of the program. */
  static final String COMMAND = "mend";

  private MendCommand() {}

  /**
   * Runs the command; blocks. Prints one line for each repaired entity on standard output, then one
   * line with totals.
   *
   * @param arguments the program's arguments: the command, and at most one name
   * @return the exit code: 0, or 2 for wrong arguments
   */
  static int run(Settings settings, List<String> arguments) throws StoreRefusedException {
    if (!arguments.getFirst().equals(COMMAND) || arguments.size() > 2) {
      System.err.println("arguments: none, or: " + COMMAND + " [name]");
      return ExitCode.WRONG_SETTING;
    }
    int seen = 0;
    int mended = 0;
    try (Store store = VerifyCommand.open(settings);
        Stream<String> names =
            arguments.size() == 2 ? Stream.of(arguments.get(1)) : store.persistenceIds("")) {
      Set<String> known = new HashSet<>();
      for (String name : (Iterable<String>) names::iterator) {
        if (!known.add(name)) {
          continue;
        }
        seen++;
        Optional<String> problem = store.checkMarks(name, true).toCompletableFuture().join();
        if (problem.isPresent()) {
          mended++;
          System.out.println(name + ": " + problem.get() + ": mended");
        }
      }
    }
    System.out.println(seen + " entities, " + mended + " mended");
    return 0;
  }
}
