package parley.bench.floor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import parley.bench.Options;
import parley.bench.engine.ChildProcess;
import parley.bench.engine.JvmOptions;
import parley.bench.report.BenchResult;

/** The best possible rate of the embedded store's library, see {@link Appender}. */
public final class AppendFloor implements Floor {
  @Override
  public BenchResult measure(Options options, Path folder, List<String> jvm) throws IOException {
    BenchResult benchResult = new BenchResult();
    String seconds = options.text("seconds", "5");
    String bytes = options.text("bytes", "400");
    try (ChildProcess appender =
        ChildProcess.start(
            Appender.class,
            JvmOptions.options(jvm),
            folder.toString(),
            seconds,
            bytes,
            options.text("batches", "1/8/64/400"),
            options.text("sync", "os"))) {
      int batches = Integer.parseInt(appender.readLine("batches "));
      for (int i = 0; i < batches; i++) {
        String[] words = appender.readLine("batch ").split(" ", -1);
        benchResult.with("batch of " + words[0] + " (events/s)", Double.parseDouble(words[1]));
        benchResult.with("batch of " + words[0] + " (us CPU/event)", Double.parseDouble(words[2]));
      }
    }
    return benchResult;
  }
}
