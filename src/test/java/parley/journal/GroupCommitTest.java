package parley.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.rocksdb.RocksDBException;

@Timeout(60)
class GroupCommitTest {
  private final CountDownLatch gate = new CountDownLatch(1);
  private final List<Integer> sizes = new CopyOnWriteArrayList<>();
  private final AtomicBoolean broken = new AtomicBoolean();
  private final AtomicBoolean error = new AtomicBoolean();
  private final AtomicLong highest = new AtomicLong();

  private final GroupCommit commits =
      new GroupCommit(
          new GroupCommit.Committer() {
            @Override
            public void commit(List<GroupCommit.Write> writes) throws RocksDBException {
              sizes.add(writes.size());
              try {
                gate.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              if (error.get()) {
                throw new AssertionError("out of memory, say");
              }
              if (broken.get()) {
                throw new RocksDBException("no space left");
              }
            }

            @Override
            public long highestNumber(String id) {
              return highest.get();
            }
          },
          "group-commit-test");

  @AfterEach
  void close() {
    gate.countDown();
    commits.close();
  }

  @Test
  void writesThatWaitDuringACommitAreCommittedTogether() throws Exception {
    List<CompletionStage<Void>> all = new ArrayList<>();
    all.add(submit("e0", 1, 10));
    org.awaitility.Awaitility.await().until(() -> !sizes.isEmpty());
    for (int i = 1; i <= 999; i++) {
      all.add(submit("e" + i, 1, 10));
    }
    gate.countDown();
    for (CompletionStage<Void> one : all) {
      get(one);
    }
    assertThat(sizes).containsExactly(1, 999);
  }

  @Test
  void writesOverTheBoundFailAtOnce() throws Exception {
    CompletionStage<Void> first = submit("first", 1, 10);
    org.awaitility.Awaitility.await().until(() -> !sizes.isEmpty());
    List<CompletionStage<Void>> all = new ArrayList<>();
    for (int i = 0; i < GroupCommit.MAX_WAITING; i++) {
      all.add(submit("e" + i, 1, 10));
    }
    assertThatThrownBy(() -> get(submit("more", 1, 10)))
        .hasMessageContaining("too many writes wait");
    assertThat(all).noneMatch(one -> one.toCompletableFuture().isDone());
    gate.countDown();
    get(first);
    for (CompletionStage<Void> one : all) {
      get(one);
    }
    get(submit("more", 1, 10));
  }

  @Test
  void waitingWritesAreAlsoBoundedInBytes() throws Exception {
    CompletionStage<Void> first = submit("first", 1, 10);
    org.awaitility.Awaitility.await().until(() -> !sizes.isEmpty());
    int half = (int) (GroupCommit.WAITING_BYTES / 2) - 100;
    CompletionStage<Void> one = submit("a", 1, half);
    CompletionStage<Void> two = submit("b", 1, half);
    assertThatThrownBy(() -> get(submit("c", 1, half))).hasMessageContaining("too many writes");
    gate.countDown();
    get(first);
    get(one);
    get(two);
    get(submit("c", 1, half));
  }

  @Test
  void aFailedCommitFailsAllWaitingWritesAndStopsTheWriter() throws Exception {
    CompletionStage<Void> first = submit("first", 1, 10);
    org.awaitility.Awaitility.await().until(() -> !sizes.isEmpty());
    CompletionStage<Void> second = submit("e", 2, 10);
    broken.set(true);
    gate.countDown();
    for (CompletionStage<Void> one : List.of(first, second)) {
      assertThatThrownBy(() -> get(one))
          .isInstanceOf(ExecutionException.class)
          .hasMessageContaining("cannot be written any more")
          .hasRootCauseMessage("no space left");
    }
    // There is room again, but it is unknown which of the failed writes are stored.
    broken.set(false);
    assertThatThrownBy(() -> get(submit("e", 2, 10))).hasRootCauseMessage("no space left");
    assertThat(sizes).hasSize(1);
  }

  @Test
  void anErrorAlsoFailsTheWaitingWrites() throws Exception {
    gate.countDown();
    error.set(true);
    assertThatThrownBy(() -> get(submit("e", 1, 10))).hasRootCauseMessage("out of memory, say");
    assertThatThrownBy(() -> get(submit("e", 2, 10))).hasMessageContaining("any more");
  }

  @Test
  void theHighestNumberIsLookedUpOnce() throws Exception {
    gate.countDown();
    highest.set(7);
    assertThatThrownBy(() -> get(submit("e", 7, 10))).hasMessageContaining("written before");
    get(submit("e", 8, 10));
    assertThatThrownBy(() -> get(submit("e", 8, 10))).hasMessageContaining("written before");
    get(submit("e", 9, 10));
  }

  @Test
  void aWriteDuringTheStopIsRefusedAndTheStopCompletes() throws Exception {
    gate.countDown();
    List<CompletionStage<Void>> all = new CopyOnWriteArrayList<>();
    Thread submitting =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (int i = 1; i <= 3_000; i++) {
                    all.add(submit("e" + i, 1, 10));
                  }
                });
    org.awaitility.Awaitility.await().until(() -> all.size() > 100);
    commits.close();
    submitting.join();
    for (CompletionStage<Void> one : all) {
      try {
        get(one);
      } catch (ExecutionException e) {
        assertThat(e).hasMessageContaining("the journal is closed");
      }
    }
  }

  private CompletionStage<Void> submit(String id, long number, int bytes) {
    var put = new GroupCommit.Put(ColumnFamily.EVENTS, new byte[10], new byte[bytes]);
    return commits.submit(
        new GroupCommit.Write(id, number, number, List.of(put), new CompletableFuture<>()));
  }

  private static void get(CompletionStage<Void> written) throws Exception {
    written.toCompletableFuture().get(20, TimeUnit.SECONDS);
  }
}
