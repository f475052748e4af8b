package parley.proof;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The program of an earlier version: the jar that {@code -Dparley.before.jar} names, or one that is
 * built here of the commit of {@code -Dparley.before}. Without either it is the newest tag, and
 * without a tag {@link #RELEASED}. A build takes one to three minutes and is kept in {@code
 * target/before}.
 *
 * @param name the commit, or the jar
 * @param jar with its libraries in {@code lib} beside it
 */
record VersionBefore(String name, Path jar) {
  /**
   * The version before this one, as long as versions have no tags. Whoever merges a version to the
   * main branch writes the former head of that branch here.
   */
  static final String RELEASED = "7dbc76a5dc889b9874ccaef1e112f3398e4ed640";

  private static final Path FOLDER = Path.of("target", "before");

  /** As {@code maven.build.timestamp.format} in the pom. */
  private static final DateTimeFormatter BUILT =
      DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT).withZone(ZoneOffset.UTC);

  /** Finds or builds it. */
  static VersionBefore find() throws IOException, InterruptedException {
    String given = System.getProperty("parley.before.jar");
    if (given != null) {
      return new VersionBefore(given, Path.of(given).toAbsolutePath());
    }
    String wanted = System.getProperty("parley.before");
    String commit =
        run(
            null,
            "git",
            "rev-parse",
            "--verify",
            (wanted == null ? newest() : wanted) + "^{commit}");
    return new VersionBefore(commit, build(commit));
  }

  private static String newest() throws IOException, InterruptedException {
    List<String> tags =
        run(null, "git", "tag", "--merged", "HEAD", "--sort=-creatordate").lines().toList();
    return tags.isEmpty() ? RELEASED : tags.getFirst();
  }

  private static Path build(String commit) throws IOException, InterruptedException {
    Path sources = FOLDER.resolve(commit).toAbsolutePath();
    Path jar = sources.resolve("target").resolve("parley.jar");
    Path whole = sources.resolve("whole");
    if (Files.exists(whole)) {
      return jar;
    }
    Files.createDirectories(sources);
    Path archive = FOLDER.resolve(commit + ".tar").toAbsolutePath();
    // Not a worktree: the repository would remember it.
    run(null, "git", "archive", "--format=tar", "--output", archive.toString(), commit);
    run(sources, "tar", "-xf", archive.toString());
    Files.delete(archive);
    // Builds are ordered by their time, and shards go to the newest: this one is older.
    String time = run(null, "git", "show", "--no-patch", "--format=%ct", commit);
    run(
        sources,
        "mvn",
        "-q",
        "-B",
        "-Dmaven.test.skip=true",
        "-Dspotless.check.skip=true",
        "-Dparley.built=" + BUILT.format(Instant.ofEpochSecond(Long.parseLong(time))),
        "package");
    Files.createFile(whole);
    return jar;
  }

  private static String run(@Nullable Path in, String... command)
      throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of(command));
    File output = File.createTempFile("before", ".txt");
    try {
      int exit =
          new ProcessBuilder(all)
              .directory(in == null ? null : in.toFile())
              .redirectErrorStream(true)
              .redirectOutput(output)
              .start()
              .waitFor();
      String said = Files.readString(output.toPath()).strip();
      if (exit != 0) {
        throw new IllegalStateException(String.join(" ", all) + ": " + exit + ": " + said);
      }
      return said;
    } finally {
      Files.delete(output.toPath());
    }
  }
}
