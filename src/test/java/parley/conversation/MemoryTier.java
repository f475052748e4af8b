package parley.conversation;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import parley.archive.ColdTier;
import parley.archive.ColdUnavailable;
import parley.archive.Manifest;
import parley.model.ConversationId;
import parley.model.Entry;

/** A cold tier in memory that fails as the test says. */
final class MemoryTier implements ColdTier {
  enum Fault {
    NONE,
    /** Writes fail. */
    REFUSE,
    /** Writes store nothing and never answer. */
    HANG,
    /** Writes store the segment and never answer. */
    STORE_AND_HANG,
    /** Reads and writes fail. */
    DOWN,
    /** Reads never end. */
    SLOW
  }

  volatile Fault fault = Fault.NONE;

  /** Runs when a read begins. */
  volatile Runnable onRead = () -> {};

  final AtomicInteger writes = new AtomicInteger();
  final AtomicInteger reads = new AtomicInteger();

  /** How many of the reads were scans. */
  final AtomicInteger scans = new AtomicInteger();

  private final Map<ConversationId, ConcurrentSkipListMap<Long, List<Entry>>> all =
      new ConcurrentHashMap<>();

  private ConcurrentSkipListMap<Long, List<Entry>> of(ConversationId id) {
    return all.computeIfAbsent(id, i -> new ConcurrentSkipListMap<>());
  }

  /** The segments of a conversation, as they were written. */
  List<List<Entry>> segments(ConversationId id) {
    return List.copyOf(of(id).values());
  }

  @Override
  public CompletionStage<Manifest> write(ConversationId id, List<Entry> entries) {
    // Read before the test can see the write: the fault of this moment counts.
    Fault now = fault;
    writes.incrementAndGet();
    switch (now) {
      case REFUSE, DOWN -> {
        return CompletableFuture.failedFuture(new ColdUnavailable("by hand", null));
      }
      case HANG -> {
        return new CompletableFuture<>();
      }
      default -> {}
    }
    long from = entries.getFirst().seq();
    long to = entries.getLast().seq();
    of(id).subMap(from, to + 1).clear();
    of(id).put(from, List.copyOf(entries));
    if (now == Fault.STORE_AND_HANG) {
      return new CompletableFuture<>();
    }
    return CompletableFuture.completedFuture(manifest(id, entries));
  }

  private static Manifest manifest(ConversationId id, List<Entry> entries) {
    return new Manifest(
        1,
        id,
        entries.getFirst().seq(),
        entries.getLast().seq(),
        entries.size(),
        1,
        1,
        "",
        entries.getFirst().at(),
        entries.getLast().at());
  }

  @Override
  public Source<Entry, NotUsed> read(ConversationId id, long from, long to) {
    Fault now = fault;
    onRead.run();
    reads.incrementAndGet();
    if (now == Fault.DOWN) {
      return Source.failed(new ColdUnavailable("by hand", null));
    }
    if (now == Fault.SLOW) {
      return Source.<Entry>never().mapMaterializedValue(never -> NotUsed.getInstance());
    }
    List<Entry> found = new ArrayList<>();
    for (List<Entry> segment : of(id).values()) {
      for (Entry entry : segment) {
        if (entry.seq() >= from && entry.seq() <= to) {
          found.add(entry);
        }
      }
    }
    return Source.from(found);
  }

  @Override
  public Source<Entry, NotUsed> scan(ConversationId id, long from, long to) {
    scans.incrementAndGet();
    return read(id, from, to);
  }

  @Override
  public Source<Manifest, NotUsed> manifests(ConversationId id) {
    return Source.from(of(id).values()).map(entries -> manifest(id, entries));
  }
}
