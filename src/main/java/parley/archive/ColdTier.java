package parley.archive;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import parley.bounds.Bulkhead;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.UserId;

/**
 * The store of old entries: segments of consecutive entries, each with a {@link Manifest}. One
 * writer per conversation, any number of readers. Thread-safe; nothing here blocks its caller.
 *
 * <p>Failures are {@link ColdUnavailable} (nothing is known to be wrong; a retry may succeed) and
 * {@link ColdDamaged} (what is stored is not what was written; a retry does not help). Their
 * messages contain no content.
 */
public interface ColdTier {
  /** Maximum number of entries of a segment. */
  int SEGMENT_ENTRIES = 5_000;

  /**
   * Bytes before compression after which a writer adds no more entries to a segment. A segment of
   * more than twice that is refused.
   */
  long SEGMENT_BYTES = 4L << 20;

  /**
   * Stores consecutive entries as one segment. Reads the segment back, compares it, and only then
   * writes its manifest. The same entries give the same bytes, so a write may be repeated, also
   * with another end. Removes what an interrupted attempt has left within the range of these
   * entries. Leaves what reaches beyond the range, because it may be another writer's; it does no
   * harm.
   *
   * @param entries 1 to {@value #SEGMENT_ENTRIES}, ascending without a hole
   * @return the manifest, once it is stored durably; fails with {@link ColdUnavailable}, with
   *     {@link ColdDamaged} if the segment that was read back is not the written one, and with
   *     {@link IllegalArgumentException} for entries that make no segment
   */
  CompletionStage<Manifest> write(ConversationId id, List<Entry> entries);

  /**
   * The entries of a range, ascending and without holes. All of them or a failure: the stream
   * completes only after {@code to}. At most one segment is in memory, in its stored form, and its
   * checksum is verified before its first entry is emitted.
   *
   * @param from the first seq, at least 1
   * @param to the last seq; before {@code from} the stream is empty
   * @return may be run any number of times; fails with {@link ColdUnavailable}, also if too many
   *     reads wait on this node, or {@link ColdDamaged} (a checksum, a hole)
   */
  Source<Entry, NotUsed> read(ConversationId id, long from, long to);

  /**
   * As {@link #read}, for a long range of which nobody waits for the first entry: to search, to
   * count. Scans have places of their own, fewer than reads, so that pages do not wait for scans. A
   * scan that exceeds its configured time fails with {@link ColdUnavailable}.
   */
  default Source<Entry, NotUsed> scan(ConversationId id, long from, long to) {
    return read(id, from, to);
  }

  /**
   * As {@link #scan(ConversationId, long, long)}, for a user. A user has one scan at a time on this
   * node, and {@value Bulkhead#MAX_WAITING_OF_NAME} that wait; scans of other users pass them. One
   * more fails with {@link ColdUnavailable} at once.
   */
  default Source<Entry, NotUsed> scan(ConversationId id, long from, long to, UserId by) {
    return scan(id, from, to);
  }

  /**
   * As {@link #read}, but from the store itself and not from this node's cache: to verify what is
   * stored. Takes the places of scans. The first entry must come as soon as that of a read; after
   * that there is no limit of time.
   */
  default Source<Entry, NotUsed> readStored(ConversationId id, long from, long to) {
    return read(id, from, to);
  }

  /**
   * All manifests of a conversation, ascending by their last seq. Empty if nothing was ever stored;
   * fails like {@link #read}.
   */
  Source<Manifest, NotUsed> manifests(ConversationId id);

  /**
   * The manifest of the segment that holds an entry. Costs as much as {@link #read} of this entry.
   * If there is no such segment, it is empty or fails like that.
   */
  default Source<Manifest, NotUsed> segmentOf(ConversationId id, long seq) {
    return manifests(id).filter(one -> one.from() <= seq && seq <= one.to()).take(1);
  }

  /**
   * Runs work while this node neither writes nor removes a segment. Writes wait, until their
   * timeout; reads go on. For a copy of the tier that fits a copy of the journal.
   */
  default <T> CompletionStage<T> whileUnchanged(Supplier<CompletionStage<T>> work) {
    return work.get();
  }

  /**
   * Checks that the tier can be used with its settings; for the start of a node.
   *
   * @return fails with {@link ColdRefused} if a setting must be wrong (no such bucket, no access, a
   *     folder that cannot be written), which no waiting helps; with any other failure if the tier
   *     cannot be reached now. A node may start after the latter: hot reads do not need the tier
   */
  default CompletionStage<Done> check() {
    return CompletableFuture.completedFuture(Done.getInstance());
  }
}
