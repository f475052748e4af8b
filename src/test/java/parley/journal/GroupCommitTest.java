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
  private final AtomicLong highest = new AtomicLong();

  private final GroupCommit commits =
      new GroupCommit(
          new GroupCommit.Target() {
            @Override
            public void commit(List<GroupCommit.Write> writes) throws RocksDBException {
              sizes.add(writes.size());
              try {
                gate.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              if (broken.get()) {
                throw new RocksDBException("no space left");
              }
            }

            @Override
            public long highest(String id) {
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
  void whatWaitsMeanwhileIsCommittedAsOne() throws Exception {
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
  void beyondTheBoundAWriteFailsAtOnce() throws Exception {
    CompletionStage<Void> first = submit("first", 1, 10);
    org.awaitility.Awaitility.await().until(() -> !sizes.isEmpty());
    List<CompletionStage<Void>> all = new ArrayList<>();
    for (int i = 0; i < GroupCommit.WAITING; i++) {
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
  void manyBytesAreABoundToo() throws Exception {
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
  void aFailureIsToldToEachAndNumbersAreLookedUpAnew() throws Exception {
    gate.countDown();
    get(submit("e", 1, 10));
    broken.set(true);
    assertThatThrownBy(() -> get(submit("e", 2, 10)))
        .isInstanceOf(ExecutionException.class)
        .hasMessageContaining("no space left");
    broken.set(false);
    // It may have been stored nevertheless: the journal knows.
    highest.set(2);
    assertThatThrownBy(() -> get(submit("e", 2, 10))).hasMessageContaining("written before");
    get(submit("e", 3, 10));
  }

  private CompletionStage<Void> submit(String id, long number, int bytes) {
    var put = new GroupCommit.Put(Family.EVENTS, new byte[10], new byte[bytes]);
    return commits.submit(
        new GroupCommit.Write(id, number, number, List.of(put), new CompletableFuture<>()));
  }

  private static void get(CompletionStage<Void> written) throws Exception {
    written.toCompletableFuture().get(20, TimeUnit.SECONDS);
  }
}
