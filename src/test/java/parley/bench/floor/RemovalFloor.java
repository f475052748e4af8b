package parley.bench.floor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import parley.bench.Options;
import parley.bench.engine.ChildProcess;
import parley.bench.engine.JvmOptions;
import parley.bench.report.BenchResult;

/** The cost of removing old events from the embedded journal, see {@link Remover}. */
public final class RemovalFloor implements Floor {
  @Override
  public BenchResult measure(Options options, Path folder, List<String> jvm) throws IOException {
    BenchResult benchResult = new BenchResult();
    try (ChildProcess remover =
        ChildProcess.start(
            Remover.class,
            JvmOptions.options(jvm),
            folder.toString(),
            options.text("removed", "0/50000/250000"))) {
      int sizes = Integer.parseInt(remover.readLine("removals "));
      for (int i = 0; i < sizes; i++) {
        String[] words = remover.readLine("removal ").split(" ", -1);
        String removed = " after " + words[0] + " removed";
        benchResult.with("removal" + removed + " (ms, median)", Double.parseDouble(words[1]));
        benchResult.with("removal" + removed + " (ms, max)", Double.parseDouble(words[2]));
        benchResult.with(
            "concurrent read" + removed + " (ms, median)", Double.parseDouble(words[3]));
        benchResult.with("concurrent read" + removed + " (ms, max)", Double.parseDouble(words[4]));
      }
    }
    return benchResult;
  }
}
