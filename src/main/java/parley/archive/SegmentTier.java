package parley.archive;

import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import org.apache.pekko.japi.Pair;
import org.apache.pekko.stream.javadsl.Source;
import org.jspecify.annotations.Nullable;
import parley.bounds.Bulkhead;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.UserId;
import parley.telemetry.Telemetry;

/**
 * The cold tier as segments in an object store, the same for files and for S3.
 *
 * <pre>
 *   write:  encode ─▶ put segment ─▶ get it back ─▶ compare ─▶ put manifest ─▶ remove what it covers
 *   read:   cache? ─no─▶ list names ─▶ get manifest ─▶ get segment ─▶ checksum ─▶ entries, next segment
 * </pre>
 *
 * <p>A segment's name contains the beginning of its checksum. So an attempt never overwrites a
 * segment of another attempt. Readers see the old segment until the manifest is put, which is one
 * atomic step, and then the new one. An interrupted attempt leaves either a segment without a
 * manifest, which nobody reads, or a complete segment, which is correct.
 *
 * <p>Only objects within the new segment's range are removed: their entries are in the new segment.
 * Objects that reach beyond the range are left. A writer may be paused in the middle of its work
 * and wake up after another writer has taken over and gone further. It must not remove the other
 * writer's segments, because their events are already deleted from the journal. The leftovers cost
 * some bytes, and readers skip entries that they already have.
 */
final class SegmentTier implements ColdTier {
  static final String DISPATCHER = "parley.archive.dispatcher";

  private final GuardedObjectStore objects;
  private final ObjectStore store;
  private final Executor executor;
  private final ColdLimits limits;
  private final SegmentCache cache;
  private final ColdMeters meters;
  private final Bulkhead reads;
  private final Bulkhead scans;
  private final Bulkhead writes;

  SegmentTier(ObjectStore store, ColdLimits limits, ActorSystem<?> system, Telemetry telemetry) {
    this.store = store;
    this.limits = limits;
    this.meters = new ColdMeters(telemetry);
    this.objects = new GuardedObjectStore(store, limits, system, meters);
    this.executor = system.dispatchers().lookup(DispatcherSelector.fromConfig(DISPATCHER));
    this.cache = new SegmentCache(limits);
    this.reads = bulkhead("reads", limits.reads(), limits.readsWaiting());
    this.scans = bulkhead("scans", limits.scans(), limits.scansWaiting());
    this.writes = bulkhead("writes", limits.writes(), limits.writesWaiting());
    telemetry.gauge(ColdMeters.WAITING, reads::waiting);
    telemetry.gauge(ColdMeters.CACHE, cache::bytes);
    telemetry.cache("segments", cache::entries, cache::evictions);
  }

  private static Bulkhead bulkhead(String what, int admitted, int waiting) {
    return new Bulkhead(
        admitted, waiting, () -> new ColdUnavailable("too many cold " + what, null));
  }

  @Override
  public <T> CompletionStage<T> whileUnchanged(Supplier<CompletionStage<T>> work) {
    return objects.whileUnchanged(work);
  }

  @Override
  public CompletionStage<Done> check() {
    return store
        .check()
        .toCompletableFuture()
        .copy()
        .orTimeout(limits.writeTimeout().toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public CompletionStage<Manifest> write(ConversationId id, List<Entry> entries) {
    List<Entry> own = List.copyOf(entries);
    Bulkhead.Permit permit = writes.enter();
    return permit
        .granted()
        .thenApplyAsync(granted -> Segment.of(id, own), executor)
        .thenCompose(segment -> store(segment, own))
        .whenComplete((manifest, failure) -> permit.release())
        .exceptionally(
            failure -> {
              throw meters.failed("write", failure);
            });
  }

  private CompletionStage<Manifest> store(Segment segment, List<Entry> entries) {
    Manifest manifest = segment.manifest();
    ConversationId id = manifest.conversationId();
    String key = segment.key();
    ObjectKeys.Name name = manifestName(manifest);
    return objects
        .put(key, segment.bytes(), "application/gzip")
        .thenCompose(put -> objects.get(key, Segment.MOST_BYTES))
        .thenAcceptAsync(stored -> verifyStored(stored, segment, entries), executor)
        .thenCompose(same -> objects.get(name.key(), ManifestJson.MOST_BYTES))
        .thenCompose(
            before ->
                objects
                    .put(name.key(), ManifestJson.write(manifest), "application/json")
                    .thenCompose(
                        put -> {
                          cache.forget(id);
                          meters.written(manifest.bytes());
                          return removeReplaced(id, name, before, key);
                        }))
        .thenCompose(removed -> removeCovered(manifest))
        .thenApply(removed -> manifest);
  }

  private static ObjectKeys.Name manifestName(Manifest manifest) {
    String key = ObjectKeys.manifest(manifest.conversationId(), manifest.from(), manifest.to());
    return new ObjectKeys.Name(key, manifest.from(), manifest.to(), null);
  }

  /**
   * Compares the bytes, the checksum and every entry. After this, entries that are removed from the
   * journal exist only here.
   */
  private static void verifyStored(Optional<byte[]> stored, Segment written, List<Entry> entries) {
    byte[] bytes =
        stored.orElseThrow(() -> new ColdDamaged(written.where() + " is not there", null));
    Segment read = new Segment(written.manifest(), bytes);
    read.verify();
    Iterator<Entry> back = read.entries(1, Long.MAX_VALUE);
    for (Entry entry : entries) {
      if (!back.hasNext() || !back.next().equals(entry)) {
        throw new ColdDamaged(
            written.where() + ": entry " + entry.seq() + " is read otherwise than it was written",
            null);
      }
    }
  }

  private CompletionStage<Done> removeReplaced(
      ConversationId id, ObjectKeys.Name name, Optional<byte[]> before, String key) {
    try {
      Optional<String> replaced =
          before
              .map(bytes -> ManifestJson.read(id, name, bytes))
              .map(old -> ObjectKeys.segment(id, old.from(), old.to(), old.sha256()))
              .filter(old -> !old.equals(key));
      return replaced.isPresent()
          ? deleteUnlessNamed(id, name, replaced.get())
          : completed(Done.getInstance());
    } catch (ColdDamaged e) {
      // The old manifest could not be read by anybody, and has been replaced.
      return completed(Done.getInstance());
    }
  }

  /**
   * Deletes a replaced segment, unless the manifest names it again: another attempt may have
   * brought it back while this one was paused.
   */
  private CompletionStage<Done> deleteUnlessNamed(
      ConversationId id, ObjectKeys.Name name, String replaced) {
    return objects
        .get(name.key(), ManifestJson.MOST_BYTES)
        .thenCompose(
            now -> {
              boolean named =
                  now.map(bytes -> ManifestJson.read(id, name, bytes))
                      .filter(
                          m ->
                              ObjectKeys.segment(id, m.from(), m.to(), m.sha256()).equals(replaced))
                      .isPresent();
              return named ? completed(Done.getInstance()) : objects.delete(replaced);
            });
  }

  private CompletionStage<Done> removeCovered(Manifest manifest) {
    return names(manifest.conversationId(), manifest.from(), manifest.to())
        .thenCompose(
            names -> {
              CompletionStage<Done> all = completed(Done.getInstance());
              // Manifests first: a segment without a manifest does not exist, but a manifest
              // without its segment is damage.
              for (boolean manifests : new boolean[] {true, false}) {
                for (ObjectKeys.Name name : names) {
                  if (name.isManifest() == manifests && isCovered(name, manifest)) {
                    all = all.thenCompose(done -> objects.delete(name.key()));
                  }
                }
              }
              return all;
            });
  }

  private static boolean isCovered(ObjectKeys.Name name, Manifest manifest) {
    boolean same = name.from() == manifest.from() && name.to() == manifest.to();
    return !same && name.from() >= manifest.from() && name.to() <= manifest.to();
  }

  /** The names of the objects whose last seq is in a range, ascending. */
  private CompletionStage<List<ObjectKeys.Name>> names(ConversationId id, long fromTo, long toTo) {
    CompletionStage<List<ObjectKeys.Name>> all = CompletableFuture.completedFuture(List.of());
    for (String shelf : ObjectKeys.shelves(id, fromTo, toTo)) {
      all = all.thenCombine(objects.list(shelf), SegmentTier::joined);
    }
    return all;
  }

  private static List<ObjectKeys.Name> joined(
      List<ObjectKeys.Name> first, List<ObjectKeys.Name> then) {
    return java.util.stream.Stream.concat(first.stream(), then.stream()).toList();
  }

  @Override
  public Source<Entry, NotUsed> read(ConversationId id, long from, long to) {
    return read(reads, null, id, from, to, true);
  }

  @Override
  public Source<Entry, NotUsed> scan(ConversationId id, long from, long to) {
    return scan(id, from, to, (String) null);
  }

  @Override
  public Source<Entry, NotUsed> scan(ConversationId id, long from, long to, UserId by) {
    return scan(id, from, to, by.value());
  }

  private Source<Entry, NotUsed> scan(
      ConversationId id, long from, long to, @Nullable String name) {
    return read(scans, name, id, from, to, true)
        .completionTimeout(limits.scanTimeout())
        .mapError(TimeoutException.class, failure -> meters.failed("read", failure));
  }

  @Override
  public Source<Entry, NotUsed> readStored(ConversationId id, long from, long to) {
    return read(scans, null, id, from, to, false);
  }

  @Override
  public Source<Manifest, NotUsed> segmentOf(ConversationId id, long seq) {
    return withPermit(
        reads,
        null,
        Source.lazyCompletionStage(() -> segment(id, seq, true).thenApply(Segment::manifest))
            .mapMaterializedValue(started -> NotUsed.getInstance()));
  }

  private Source<Entry, NotUsed> read(
      Bulkhead bulkhead,
      @Nullable String name,
      ConversationId id,
      long from,
      long to,
      boolean cached) {
    if (from < 1) {
      throw new IllegalArgumentException("entries from " + from);
    }
    return to < from ? Source.empty() : withPermit(bulkhead, name, entries(id, from, to, cached));
  }

  private Source<Entry, NotUsed> entries(ConversationId id, long from, long to, boolean cached) {
    return Source.unfoldAsync(
            from,
            seq -> {
              if (seq > to) {
                CompletionStage<Optional<Pair<Long, Iterator<Entry>>>> end =
                    CompletableFuture.completedFuture(Optional.empty());
                return end;
              }
              return segment(id, seq, cached)
                  .thenApply(
                      segment -> {
                        long last = Math.min(to, segment.manifest().to());
                        Iterator<Entry> entries = segment.entries(seq, last);
                        return Optional.of(Pair.create(last + 1, entries));
                      });
            })
        .flatMapConcat(entries -> Source.fromIterator(() -> entries))
        // Uncompresses on this package's dispatcher.
        .async(DISPATCHER);
  }

  /** Runs a source when the bulkhead admits it, and for as long as its reader takes entries. */
  private <T> Source<T, NotUsed> withPermit(
      Bulkhead bulkhead, @Nullable String name, Source<T, NotUsed> source) {
    return bulkhead
        .admit(name, source)
        .initialTimeout(limits.firstEntryTimeout())
        .backpressureTimeout(limits.stalled())
        .mapError(Throwable.class, failure -> meters.failed("read", failure));
  }

  private CompletionStage<Segment> segment(ConversationId id, long seq, boolean cached) {
    long start = System.nanoTime();
    Segment known = cached ? cache.holding(id, seq) : null;
    if (known != null) {
      meters.read(true, known.bytes().length, start);
      return CompletableFuture.completedFuture(known);
    }
    return find(id, seq)
        .thenCompose(
            // If the segment was replaced between two steps, the second try sees the new one.
            found -> found.isPresent() ? completed(found) : find(id, seq))
        .thenApply(
            found -> {
              Segment segment =
                  found.orElseThrow(
                      () -> new ColdDamaged(id + ": no segment with entry " + seq, null));
              if (cached) {
                cache.add(segment);
              }
              meters.read(false, segment.bytes().length, start);
              return segment;
            });
  }

  private static <T> CompletionStage<T> completed(T value) {
    return CompletableFuture.completedFuture(value);
  }

  /**
   * The segment that holds a seq; of several the one that ends first. Empty if there is none whose
   * two objects exist. The segment ends on the seq's own shelf or, at most a segment's length away,
   * on the next one.
   */
  private CompletionStage<Optional<Segment>> find(ConversationId id, long seq) {
    long furthest = seq + SEGMENT_ENTRIES - 1;
    return find(id, seq, seq)
        .thenCompose(
            found ->
                found.isPresent() || ObjectKeys.shelves(id, seq, furthest).size() == 1
                    ? completed(found)
                    : find(id, seq, furthest));
  }

  /** As above, among the segments that end on the shelf of {@code to}. */
  private CompletionStage<Optional<Segment>> find(ConversationId id, long seq, long to) {
    return names(id, to, to).thenCompose(names -> firstOf(id, manifestsHolding(names, seq), 0));
  }

  private CompletionStage<Optional<Segment>> firstOf(
      ConversationId id, List<ObjectKeys.Name> names, int at) {
    if (at == names.size()) {
      return completed(Optional.empty());
    }
    return load(id, names.get(at))
        .thenCompose(found -> found.isPresent() ? completed(found) : firstOf(id, names, at + 1));
  }

  private CompletionStage<Optional<Segment>> load(ConversationId id, ObjectKeys.Name name) {
    return manifest(id, name)
        .thenCompose(
            manifest ->
                manifest.isEmpty() ? completed(Optional.<Segment>empty()) : bytes(manifest.get()));
  }

  private CompletionStage<Optional<Manifest>> manifest(ConversationId id, ObjectKeys.Name name) {
    return objects
        .get(name.key(), ManifestJson.MOST_BYTES)
        .thenApply(stored -> stored.map(bytes -> ManifestJson.read(id, name, bytes)));
  }

  private CompletionStage<Optional<Segment>> bytes(Manifest manifest) {
    String key =
        ObjectKeys.segment(
            manifest.conversationId(), manifest.from(), manifest.to(), manifest.sha256());
    return objects
        .get(key, Segment.MOST_BYTES)
        .thenApplyAsync(
            stored ->
                stored.map(
                    bytes -> {
                      Segment segment = new Segment(manifest, bytes);
                      segment.verify();
                      return segment;
                    }),
            executor);
  }

  private static List<ObjectKeys.Name> manifestsHolding(List<ObjectKeys.Name> names, long seq) {
    return names.stream()
        .filter(name -> name.isManifest() && name.from() <= seq && seq <= name.to())
        .toList();
  }

  @Override
  public Source<Manifest, NotUsed> manifests(ConversationId id) {
    return withPermit(
        scans,
        null,
        store
            .list(ObjectKeys.folder(id))
            .mapConcat(key -> Optional.ofNullable(ObjectKeys.parse(key)).stream().toList())
            .filter(ObjectKeys.Name::isManifest)
            // One at a time, and through the breaker.
            .mapAsync(1, name -> manifest(id, name))
            // Skips a manifest that was replaced meanwhile: the new one ends later and is listed.
            .mapConcat(manifest -> manifest.stream().toList()));
  }
}
