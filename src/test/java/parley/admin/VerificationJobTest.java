package parley.admin;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The check of all conversations of a running node. */
class VerificationJobTest {
  private final ActorTestKit kit =
      ActorTestKit.create(
          ConfigFactory.parseString("pekko.actor.provider = local")
              .withFallback(ConfigFactory.load()));

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private static VerificationJob.Progress ended(VerificationJob job) {
    Awaitility.await().until(() -> !job.progress().running());
    return job.progress();
  }

  @Test
  void itCountsAndShowsTheFirstProblems() {
    VerificationJob job =
        new VerificationJob(
            kit.system(),
            () -> Stream.of("a", "a", "b", "c"),
            id ->
                switch (id) {
                  case "a" ->
                      CompletableFuture.completedFuture(
                          new VerificationJob.Checked(7, 5, List.of()));
                  case "b" ->
                      CompletableFuture.completedFuture(
                          new VerificationJob.Checked(
                              1, 0, IntStream.range(0, 200).mapToObj(i -> "p" + i).toList()));
                  default -> CompletableFuture.failedFuture(new IOException("no disk"));
                });
    assertThat(job.progress().running()).isFalse();
    assertThat(job.start(1_000)).isTrue();
    VerificationJob.Progress end = ended(job);
    assertThat(end.conversations()).isEqualTo(3);
    assertThat(end.entries()).isEqualTo(8);
    assertThat(end.archived()).isEqualTo(5);
    assertThat(end.problems()).isEqualTo(201);
    assertThat(end.shown()).hasSize(VerificationJob.MOST_PROBLEMS).startsWith("b: p0", "b: p1");
    assertThat(end.stopped()).isNull();
  }

  @Test
  void oneAtATimeAndACancelledOneCountsNoMore() {
    Map<String, CompletableFuture<VerificationJob.Checked>> waiting = new ConcurrentHashMap<>();
    VerificationJob job =
        new VerificationJob(
            kit.system(),
            () -> Stream.of("a", "b", "c"),
            id -> waiting.computeIfAbsent(id, same -> new CompletableFuture<>()));
    assertThat(job.start(1_000)).isTrue();
    assertThat(job.start(1_000)).isFalse();
    Awaitility.await().until(() -> waiting.size() == 2);
    job.cancel();
    assertThat(job.progress().stopped()).isEqualTo("cancelled");
    Objects.requireNonNull(waiting.get("a")).complete(new VerificationJob.Checked(7, 0, List.of()));
    assertThat(job.progress().conversations()).isZero();
    waiting.clear();
    assertThat(job.start(1_000)).isTrue();
    Awaitility.await().until(() -> waiting.size() == 2);
    assertThat(waiting).doesNotContainKey("c");
    job.cancel();
  }

  @Test
  void aStoreThatFailsEndsIt() {
    VerificationJob job =
        new VerificationJob(
            kit.system(),
            () -> {
              throw new IllegalStateException("no store");
            },
            id -> new CompletableFuture<>());
    job.start(5);
    assertThat(ended(job).stopped()).contains("no store");
  }
}
