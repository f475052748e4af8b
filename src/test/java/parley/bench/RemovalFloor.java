package parley.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** What it costs the embedded journal to remove from the front, see {@link Remover}. */
final class RemovalFloor implements Floor {
  @Override
  public Result measure(Options options, Path folder, List<String> jvm) throws IOException {
    Result result = new Result();
    try (Child remover =
        Child.start(
            Remover.class,
            Jvm.options(jvm),
            folder.toString(),
            options.text("removed", "0/50000/250000"))) {
      int sizes = Integer.parseInt(remover.line("removals "));
      for (int i = 0; i < sizes; i++) {
        String[] words = remover.line("removal ").split(" ", -1);
        String after = "500 events after " + words[0];
        result.with(after + " (ms, median)", Double.parseDouble(words[1]));
        result.with(after + " (ms, worst)", Double.parseDouble(words[2]));
        result.with(
            "reads beside it, after " + words[0] + " (ms, median)", Double.parseDouble(words[3]));
        result.with(
            "reads beside it, after " + words[0] + " (ms, worst)", Double.parseDouble(words[4]));
      }
    }
    return result;
  }
}
