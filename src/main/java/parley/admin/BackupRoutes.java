package parley.admin;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.HttpResponse;
import org.apache.pekko.http.javadsl.server.Route;
import org.jspecify.annotations.Nullable;
import parley.store.Backup;

/**
 * Routes for the backup of an embedded store, under {@code /admin/backup}: POST starts one and
 * answers 202, GET shows the last one. One runs at a time; another POST answers 409. POST answers
 * 405 unless {@code PARLEY_MANAGEMENT_WRITE} is on, like every change by this port.
 */
public final class BackupRoutes extends AdminAnswers {
  /** Names sort by time; two backups of one second have one name, and the second is refused. */
  private static final DateTimeFormatter NAME =
      DateTimeFormatter.ofPattern("'parley-'yyyyMMdd'T'HHmmss'Z'", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  private final @Nullable Path parent;
  private final Function<Path, CompletionStage<Backup.Summary>> write;
  private final InstantSource clock;
  private final @Nullable String impossible;
  private final AtomicReference<@Nullable Job> last = new AtomicReference<>();

  /** A backup that runs or has ended. */
  private record Job(
      Path folder,
      Instant started,
      @Nullable Instant ended,
      Backup.@Nullable Summary summary,
      @Nullable String problem) {
    Job ended(Instant now, Backup.@Nullable Summary made, @Nullable Throwable failure) {
      return new Job(folder, started, now, made, failure == null ? null : describe(failure));
    }

    private static String describe(Throwable failure) {
      Throwable cause = failure;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      return cause.getClass().getSimpleName() + ": " + cause.getMessage();
    }
  }

  /**
   * The routes.
   *
   * @param parent the folder in which backups are made; null if none is set
   * @param write writes a backup to a folder that does not exist yet
   * @param impossible why this server makes no backups; null if it does
   */
  public BackupRoutes(
      ActorSystem<?> system,
      @Nullable Path parent,
      Function<Path, CompletionStage<Backup.Summary>> write,
      @Nullable String impossible,
      InstantSource clock,
      boolean writeAllowed) {
    super(system, "backup", writeAllowed);
    this.parent = parent;
    this.write = write;
    this.impossible = impossible;
    this.clock = clock;
  }

  @Override
  public Route routes() {
    return path(
        "backup",
        () ->
            concat(
                get(() -> complete(json(200, toJson(last.get())))),
                post(() -> requireWrite(() -> complete(start())))));
  }

  private HttpResponse start() {
    if (impossible != null) {
      return problem(409, impossible);
    }
    if (parent == null) {
      return problem(409, "PARLEY_BACKUP_DIR is not set: there is no folder for backups");
    }
    Instant now = clock.instant();
    Job job = new Job(parent.resolve(NAME.format(now)), now, null, null, null);
    Job before = last.get();
    if ((before != null && before.ended() == null) || !last.compareAndSet(before, job)) {
      return problem(409, "a backup is being made");
    }
    CompletionStage<Backup.Summary> writing;
    try {
      writing = write.apply(job.folder());
    } catch (RuntimeException e) {
      // A backup that did not even begin must not keep all later ones away.
      writing = CompletableFuture.failedFuture(e);
    }
    CompletionStage<Backup.Summary> unused =
        writing.whenComplete(
            (summary, failure) -> {
              last.set(job.ended(clock.instant(), summary, failure));
              if (failure == null) {
                system.log().info("Made a backup in {}", job.folder());
              } else {
                system.log().error("No backup in {}", job.folder(), failure);
              }
            });
    return json(202, toJson(last.get()));
  }

  private static ObjectNode toJson(@Nullable Job job) {
    ObjectNode body = JSON.createObjectNode().put("running", job != null && job.ended() == null);
    if (job == null) {
      return body;
    }
    body.put("folder", job.folder().toString()).put("started_at", job.started().toString());
    Instant ended = job.ended();
    if (ended != null) {
      body.put("ended_at", ended.toString());
    }
    Backup.Summary summary = job.summary();
    if (summary != null) {
      body.put("files", summary.files())
          .put("bytes", summary.bytes())
          .put("linked_files", summary.linked());
    }
    if (job.problem() != null) {
      body.put("problem", job.problem());
    }
    return body;
  }
}
