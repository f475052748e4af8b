package parley.archive;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import parley.model.ConversationId;
import parley.model.Entry;
import parley.model.UserId;

/**
 * Where entries are when they are old: segments of consecutive entries, each with a {@link
 * Manifest}. One writer per conversation, any number of readers. Safe from any thread; nothing here
 * blocks its caller.
 *
 * <p>Failures are {@link ColdUnavailable} (nothing is known to be wrong: ask again later) and
 * {@link ColdDamaged} (what is stored is not what was written: asking again does not help). No
 * message of theirs holds content.
 */
public interface ColdTier {
  /** Most entries of a segment. */
  int SEGMENT_ENTRIES = 5_000;

  /**
   * About the most bytes of a segment before compression: a writer stops adding when it is there. A
   * segment of more than twice that is refused.
   */
  long SEGMENT_BYTES = 4L << 20;

  /**
   * Stores consecutive entries as one segment, reads it back, compares, and only then writes its
   * manifest. The same entries give the same bytes, so it may be repeated, also with another end.
   * What a cut attempt has left within the range of these entries is removed; what reaches beyond
   * it is left, because it may be another writer's, and harms nobody.
   *
   * @param entries 1 to {@value #SEGMENT_ENTRIES}, ascending without a hole
   * @return the manifest, once it is stored for good; fails with {@link ColdUnavailable}, with
   *     {@link ColdDamaged} where what was read back is not what was written, and with {@link
   *     IllegalArgumentException} for entries that make no segment
   */
  CompletionStage<Manifest> write(ConversationId id, List<Entry> entries);

  /**
   * Entries of a range, ascending and without holes. Whole or failed: the stream completes only
   * after {@code to}. At most one segment is in memory, as it is stored, and its checksum is right
   * before its first entry is given out.
   *
   * @param from the first seq, at least 1
   * @param to the last seq; before {@code from} the stream is empty
   * @return may be run any number of times; fails with {@link ColdUnavailable}, also where too many
   *     reads wait on this node, or {@link ColdDamaged} (a checksum, a hole)
   */
  Source<Entry, NotUsed> read(ConversationId id, long from, long to);

  /**
   * The same for a long way of which nobody waits for the first entry: to search, to count. Such
   * have turns of their own, fewer, so that pages do not wait for them; and one that is not through
   * after a time that is set ends as {@link ColdUnavailable}.
   */
  default Source<Entry, NotUsed> scan(ConversationId id, long from, long to) {
    return read(id, from, to);
  }

  /**
   * The same for somebody: one has one turn at a time on this node, and {@value Bulkhead#EACH} that
   * wait; others pass. More is {@link ColdUnavailable} at once.
   */
  default Source<Entry, NotUsed> scan(ConversationId id, long from, long to, UserId by) {
    return scan(id, from, to);
  }

  /**
   * The same as {@link #read} from the store itself, past what this node has kept from earlier
   * reads: to verify what is stored. Has the turns of scans; the first entry must come as soon as a
   * read's, and then it has all the time it needs.
   */
  default Source<Entry, NotUsed> readStored(ConversationId id, long from, long to) {
    return read(id, from, to);
  }

  /**
   * All manifests of a conversation, ascending by their last seq. Empty where nothing was ever
   * stored; fails like {@link #read}.
   */
  Source<Manifest, NotUsed> manifests(ConversationId id);

  /**
   * Whether the tier can be used as it is set up; for the start of a node.
   *
   * @return fails with {@link ColdRefused} where a setting must be wrong (no such bucket, no
   *     access, a folder that cannot be written), which no waiting helps; with anything else where
   *     it cannot be asked now, with which a node may start: hot reads do not need it
   */
  default CompletionStage<Done> check() {
    return CompletableFuture.completedFuture(Done.getInstance());
  }
}
