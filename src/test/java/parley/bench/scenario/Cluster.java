package parley.bench.scenario;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import parley.bench.Options;
import parley.bench.engine.BenchRun;
import parley.bench.engine.MeasuredServer;
import parley.bench.engine.TokenIssuer;
import parley.bench.report.BenchResult;
import parley.bench.report.Bottleneck;

/**
 * Three nodes against one, in one run and with the same processor time: all are on the program's
 * core. {@link Pairs} talk on each, on the store that nodes share; with three, each device is on
 * one of them by lot, so that most messages cross from node to node. What is left of one node's
 * messages a second is what being a cluster costs; so is the processor time of a message, which
 * says it also where the stand-in of the store was the limit and not the nodes. While they warm up
 * three have the generator's core as well, since each compiles what one does.
 */
public final class Cluster {
  /** Several of them are on one machine. */
  private static final List<String> HEAP = List.of("-Xms512m", "-Xmx512m");

  private final TokenIssuer tokenIssuer;
  private final Path folder;
  private final List<String> jvm;

  /**
   * Nothing is started yet.
   *
   * @param folder for data and logs
   * @param jvm options of each node's JVM
   */
  public Cluster(TokenIssuer tokenIssuer, Path folder, List<String> jvm) {
    this.tokenIssuer = tokenIssuer;
    this.folder = folder;
    this.jvm = new ArrayList<>(HEAP);
    this.jvm.addAll(jvm);
  }

  /** Plays both, one after the other. */
  public BenchResult compare(Options options) throws IOException {
    int count = options.number("nodes", 3);
    BenchResult one = play(options, 1);
    BenchResult all = play(options, count);
    String name = count + " nodes";
    BenchResult benchResult =
        new BenchResult()
            .with("messages/s, of one node's", ratio(all, one, "messages/s"))
            .with("messages per server time, the same", ratio(one, all, "server (us/message)"))
            .limit(one.bottleneck() == Bottleneck.SERVER ? all.bottleneck() : one.bottleneck());
    add(benchResult, "1 node", one);
    add(benchResult, name, all);
    return benchResult;
  }

  private BenchResult play(Options options, int count) throws IOException {
    MeasuredServer measuredServer =
        MeasuredServer.onDynamo(count, folder.resolve("data"), tokenIssuer.settings(), jvm, false);
    try (BenchRun benchRun = new BenchRun(options, measuredServer, tokenIssuer, folder, 0, -1)) {
      return new Pairs().play(benchRun);
    }
  }

  private static double ratio(BenchResult above, BenchResult below, String name) {
    return above.figures().getOrDefault(name, Double.NaN)
        / below.figures().getOrDefault(name, Double.NaN);
  }

  private static void add(BenchResult to, String name, BenchResult side) {
    side.figures().forEach((figure, value) -> to.with(name + ": " + figure, value));
    to.note(name + ": limit " + side.bottleneck() + "; " + side.notes());
  }
}
