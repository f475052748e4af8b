package parley.conversation;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.javadsl.Source;
import parley.archive.ColdTier;
import parley.archive.ColdUnavailable;
import parley.archive.Manifest;
import parley.model.ConversationId;
import parley.model.Entry;

/** The cold tier where none is configured: every read and write fails. */
final class MissingColdTier implements ColdTier {
  @Override
  public CompletionStage<Manifest> write(ConversationId id, List<Entry> entries) {
    return CompletableFuture.failedFuture(missing());
  }

  @Override
  public Source<Entry, NotUsed> read(ConversationId id, long from, long to) {
    return Source.failed(missing());
  }

  @Override
  public Source<Manifest, NotUsed> manifests(ConversationId id) {
    return Source.failed(missing());
  }

  private static ColdUnavailable missing() {
    return new ColdUnavailable("no cold tier is configured", null);
  }
}
