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
 * Compares a cluster of three nodes with one node in the same run, with equal processor time: all
 * nodes run on the server's core. The load is {@link Pairs} on the stand-in for DynamoDB. In the
 * cluster each device connects to a randomly chosen node, so most messages cross between nodes. The
 * result has two ratios: messages per second, and messages per processor time. The second one is
 * valid even if the stand-in was the bottleneck. During the warm-up the cluster also uses the
 * generator's core, because each node compiles as much as a single one.
 */
public final class Cluster {
  /** Small heaps, because several nodes run on one machine. */
  private static final List<String> HEAP_OPTIONS = List.of("-Xms512m", "-Xmx512m");

  private final TokenIssuer tokenIssuer;
  private final Path folder;
  private final List<String> jvmOptions;

  /**
   * Creates the scenario without starting anything.
   *
   * @param folder the folder for data and logs
   * @param jvmOptions options of each node's JVM
   */
  public Cluster(TokenIssuer tokenIssuer, Path folder, List<String> jvmOptions) {
    this.tokenIssuer = tokenIssuer;
    this.folder = folder;
    this.jvmOptions = new ArrayList<>(HEAP_OPTIONS);
    this.jvmOptions.addAll(jvmOptions);
  }

  /** Measures one node and then the cluster. */
  public BenchResult compare(Options options) throws IOException {
    int count = options.number("nodes", 3);
    BenchResult one = run(options, 1);
    BenchResult all = run(options, count);
    String name = count + " nodes";
    BenchResult benchResult =
        new BenchResult()
            .with("messages/s (ratio to 1 node)", ratio(all, one, "messages/s"))
            .with("messages per CPU (ratio to 1 node)", ratio(one, all, "server (us/message)"))
            .bottleneck(
                one.bottleneck() == Bottleneck.SERVER ? all.bottleneck() : one.bottleneck());
    add(benchResult, "1 node", one);
    add(benchResult, name, all);
    return benchResult;
  }

  private BenchResult run(Options options, int count) throws IOException {
    MeasuredServer measuredServer =
        MeasuredServer.onDynamo(
            count, folder.resolve("data"), tokenIssuer.settings(), jvmOptions, false);
    try (BenchRun benchRun = new BenchRun(options, measuredServer, tokenIssuer, folder, 0)) {
      return new Pairs().run(benchRun);
    }
  }

  private static double ratio(BenchResult numerator, BenchResult denominator, String name) {
    return numerator.figures().getOrDefault(name, Double.NaN)
        / denominator.figures().getOrDefault(name, Double.NaN);
  }

  private static void add(BenchResult to, String name, BenchResult part) {
    part.figures().forEach((figure, value) -> to.with(name + ": " + figure, value));
    to.note(name + ": bottleneck " + part.bottleneck() + "; " + part.notes());
  }
}
