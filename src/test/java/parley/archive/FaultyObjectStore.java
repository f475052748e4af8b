package parley.archive;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;

/**
 * An object store that records each call, fails at a chosen call as a crash would, or returns other
 * bytes.
 */
final class FaultyObjectStore implements ObjectStore {
  private final ObjectStore store;
  final List<String> calls = new CopyOnWriteArrayList<>();

  /** The number of calls that succeed; every later call fails. */
  volatile int dieAfter = Integer.MAX_VALUE;

  /** Whether the first failing call is carried out before it fails. */
  volatile boolean lastOneHappens;

  /** Changes the bytes that are read. */
  volatile Function<byte[], byte[]> read = bytes -> bytes;

  FaultyObjectStore(ObjectStore store) {
    this.store = store;
  }

  private <T> CompletionStage<T> call(
      String name, java.util.function.Supplier<CompletionStage<T>> call) {
    calls.add(name);
    if (calls.size() < dieAfter) {
      return call.get();
    }
    CompletionStage<?> first =
        lastOneHappens && calls.size() == dieAfter
            ? call.get()
            : CompletableFuture.completedFuture(null);
    return first.thenCompose(
        done -> CompletableFuture.failedFuture(new java.io.IOException("the process has died")));
  }

  @Override
  public CompletionStage<Done> put(String key, byte[] bytes, String contentType) {
    return call("put " + key, () -> store.put(key, bytes, contentType));
  }

  @Override
  public CompletionStage<Optional<byte[]>> get(String key, int most) {
    return call("get " + key, () -> store.get(key, most)).thenApply(found -> found.map(read));
  }

  @Override
  public Source<String, NotUsed> list(String prefix) {
    return Source.completionStage(
            call("list " + prefix, () -> CompletableFuture.completedFuture(Done.getInstance())))
        .flatMapConcat(done -> store.list(prefix));
  }

  @Override
  public CompletionStage<Done> delete(String key) {
    return call("delete " + key, () -> store.delete(key));
  }

  @Override
  public CompletionStage<Done> check() {
    return store.check();
  }

  /** Returns the names of the calls since the last time, without their keys. */
  List<String> verbs() {
    List<String> verbs = new ArrayList<>();
    calls.forEach(call -> verbs.add(call.substring(0, call.indexOf(' '))));
    calls.clear();
    return verbs;
  }
}
