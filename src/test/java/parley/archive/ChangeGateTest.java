package parley.archive;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class ChangeGateTest {
  private final ChangeGate gate = new ChangeGate();
  private final List<String> begun = new ArrayList<>();

  private CompletionStage<String> change(String name, CompletableFuture<String> end) {
    return gate.whenOpen(Duration.ofHours(1))
        .thenCompose(open -> gate.change(() -> begin(name, end)));
  }

  private CompletionStage<String> begin(String name, CompletableFuture<String> end) {
    begun.add(name);
    return end;
  }

  @Test
  void theWorkWaitsForRunningChangesAndLaterChangesWaitForTheWork() {
    CompletableFuture<String> first = new CompletableFuture<>();
    CompletableFuture<String> second = new CompletableFuture<>();
    CompletableFuture<String> copying = new CompletableFuture<>();
    CompletableFuture<String> third = new CompletableFuture<>();
    change("first", first);
    change("second", second);
    CompletionStage<String> copy = gate.whileClosed(() -> begin("copy", copying));
    CompletionStage<String> late = change("third", third);
    assertThat(begun).containsExactly("first", "second");
    first.complete("");
    assertThat(begun).containsExactly("first", "second");
    second.completeExceptionally(new IllegalStateException("a change that fails has ended too"));
    assertThat(begun).containsExactly("first", "second", "copy");
    copying.complete("made");
    assertThat(copy.toCompletableFuture()).isCompletedWithValue("made");
    assertThat(begun).containsExactly("first", "second", "copy", "third");
    third.complete("done");
    assertThat(late.toCompletableFuture()).isCompletedWithValue("done");
  }

  @Test
  void workThatFailsOpensTheGate() {
    CompletionStage<String> copy =
        gate.whileClosed(
            () -> {
              throw new IllegalStateException("full");
            });
    assertThat(copy.toCompletableFuture()).isCompletedExceptionally();
    change("next", CompletableFuture.completedFuture(""));
    assertThat(begun).containsExactly("next");
  }

  @Test
  void aSecondWorkIsRefusedWhileTheFirstRuns() {
    CompletableFuture<String> copying = new CompletableFuture<>();
    CompletionStage<String> first = gate.whileClosed(() -> copying);
    assertThat(gate.whileClosed(() -> begin("no", copying)).toCompletableFuture())
        .isCompletedExceptionally();
    copying.complete("made");
    assertThat(first.toCompletableFuture()).isCompletedWithValue("made");
    assertThat(begun).isEmpty();
    assertThat(gate.whileClosed(() -> begin("now", copying)).toCompletableFuture()).isCompleted();
  }
}
