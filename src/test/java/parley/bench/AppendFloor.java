package parley.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** What the embedded store can do at the best, see {@link Appender}. */
final class AppendFloor implements Floor {
  @Override
  public Result measure(Options options, Path folder, List<String> jvm) throws IOException {
    Result result = new Result();
    String seconds = options.text("seconds", "5");
    String bytes = options.text("bytes", "400");
    try (Child appender =
        Child.start(
            Appender.class,
            Jvm.options(jvm),
            folder.toString(),
            seconds,
            bytes,
            options.text("batches", "1/8/64/400"),
            options.text("sync", "os"))) {
      int batches = Integer.parseInt(appender.line("batches "));
      for (int i = 0; i < batches; i++) {
        String[] words = appender.line("batch ").split(" ", -1);
        result.with("by " + words[0] + " (events/s)", Double.parseDouble(words[1]));
        result.with("by " + words[0] + " (us CPU/event)", Double.parseDouble(words[2]));
      }
    }
    return result;
  }
}
