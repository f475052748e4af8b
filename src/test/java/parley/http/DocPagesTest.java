package parley.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** When the pages under {@code /docs} are rendered. */
final class DocPagesTest {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  @Test
  void aRenderingThatFailsIsTriedAgainAndOneThatSucceedsIsKept() {
    AtomicInteger renderings = new AtomicInteger();
    DocPages pages =
        new DocPages(
            () -> {
              if (renderings.incrementAndGet() == 1) {
                throw new IllegalStateException("planted");
              }
              return Map.of("guide", "<p>text</p>");
            });
    assertThat(pages.all().toCompletableFuture()).failsWithin(PATIENCE);
    assertThat(pages.all().toCompletableFuture())
        .succeedsWithin(PATIENCE)
        .satisfies(all -> assertThat(all).containsOnlyKeys("guide"));
    assertThat(pages.all().toCompletableFuture()).succeedsWithin(PATIENCE);
    assertThat(renderings).hasValue(2);
  }
}
