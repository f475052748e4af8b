package parley.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Three nodes against one, in one run and with the same processor time: all are on the program's
 * core. {@link Pairs} talk on each, on the store that nodes share; with three, each device is on
 * one of them by lot, so that most messages cross from node to node. What is left of one node's
 * messages a second is what being a cluster costs; so is the processor time of a message, which
 * says it also where the stand-in of the store was the limit and not the nodes. While they warm up
 * three have the generator's core as well, since each compiles what one does.
 */
final class Cluster {
  /** Several of them are on one machine. */
  private static final List<String> HEAP = List.of("-Xms512m", "-Xmx512m");

  private final Tokens tokens;
  private final Path folder;
  private final List<String> jvm;

  /**
   * Nothing is started yet.
   *
   * @param folder for data and logs
   * @param jvm options of each node's JVM
   */
  Cluster(Tokens tokens, Path folder, List<String> jvm) {
    this.tokens = tokens;
    this.folder = folder;
    this.jvm = new ArrayList<>(HEAP);
    this.jvm.addAll(jvm);
  }

  /** Plays both, one after the other. */
  Result compare(Options options) throws IOException {
    int count = options.number("nodes", 3);
    Result one = play(options, 1);
    Result all = play(options, count);
    String name = count + " nodes";
    Result result =
        new Result()
            .with("messages/s, of one node's", ratio(all, one, "messages/s"))
            .with("messages per server time, the same", ratio(one, all, "server (us/message)"))
            .limit(one.bottleneck() == Bottleneck.SERVER ? all.bottleneck() : one.bottleneck());
    add(result, "1 node", one);
    add(result, name, all);
    return result;
  }

  private Result play(Options options, int count) throws IOException {
    Program program =
        Program.onDynamo(count, folder.resolve("data"), tokens.settings(), jvm, false);
    try (Stage stage = new Stage(options, program, tokens, folder, 0)) {
      return new Pairs().play(stage);
    }
  }

  private static double ratio(Result above, Result below, String name) {
    return above.figures().getOrDefault(name, Double.NaN)
        / below.figures().getOrDefault(name, Double.NaN);
  }

  private static void add(Result to, String name, Result side) {
    side.figures().forEach((figure, value) -> to.with(name + ": " + figure, value));
    to.note(name + ": limit " + side.bottleneck() + "; " + side.notes());
  }
}
