package parley.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.apache.pekko.cluster.sharding.typed.javadsl.Entity;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityTypeKey;
import org.jspecify.annotations.Nullable;
import parley.serial.Local;
import parley.serial.Wire;

/**
 * The entry point to the audit log. There is one for the whole cluster. Thread-safe; every stage
 * fails if the log does not answer within {@link #TIMEOUT}.
 */
public final class AuditLog {
  /** Entity type of the log. */
  public static final EntityTypeKey<Command> KEY = EntityTypeKey.create(Command.class, "audit");

  /** The most records that are kept; the oldest is dropped first. */
  public static final int RECORDS = 10_000;

  /** How long a record is kept. */
  public static final Duration RETENTION = Duration.ofDays(400);

  /** The most records of a page. */
  public static final int PAGE = 200;

  /** The most characters of the name of who made a change. */
  static final int WHO_LENGTH = 128;

  /** The most characters of an address. */
  static final int ADDRESS_LENGTH = 64;

  /** The most characters of the name of a change. */
  static final int ACTION_LENGTH = 96;

  /** The most characters of what was changed. */
  static final int TARGET_LENGTH = 256;

  /** The most bytes, in UTF-8, of what the body of a change said. */
  static final int DETAIL_BYTES = 384;

  /** How long the log may take. Allows for a slow write, and is shorter than operators wait. */
  static final Duration TIMEOUT = Duration.ofSeconds(5);

  /** The id of the only entity. */
  static final String ID = "1";

  /** The role of nodes that know the log: those of an older version never run it. */
  static final String ROLE = "audit-log";

  private final ClusterSharding sharding;

  private AuditLog(ClusterSharding sharding) {
    this.sharding = sharding;
  }

  /** Registers the log with cluster sharding. */
  public static AuditLog init(ClusterSharding sharding, InstantSource clock) {
    sharding.init(
        Entity.of(KEY, entity -> AuditLogEntity.create(entity.getShard(), clock))
            .withRole(ROLE)
            .withStopMessage(new Stop()));
    return new AuditLog(sharding);
  }

  // ---- messages

  /** Messages of the log. */
  public sealed interface Command extends Wire permits Start, Finish, GetPage, Idle, Stop {}

  /**
   * Records that a change is about to be made. The log answers {@link Started} when that is
   * durable. Longer texts are cut.
   *
   * @param who the name of the token, the subject of the certificate, or {@code loopback}
   * @param address where the request came from
   * @param action the change, as method and template of the path
   * @param target what is changed: the ids of the path, and the query
   * @param detail what the body says; empty if there is none
   */
  public record Start(
      String who,
      String address,
      String action,
      String target,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) String detail,
      ActorRef<Started> replyTo)
      implements Command {
    /** A node of an older version sends no detail. */
    public Start {
      detail = detail == null ? "" : detail;
    }
  }

  /**
   * The record is durable.
   *
   * @param nr its number
   */
  public record Started(long nr) implements Wire {}

  /**
   * Records what came of a change. The log answers {@link Finished} when that is durable, also if
   * it has dropped the record meanwhile.
   *
   * @param status the HTTP status of the answer
   */
  public record Finish(long nr, int status, ActorRef<Finished> replyTo) implements Command {}

  /** The result of the record is durable. */
  public record Finished(long nr) implements Wire {}

  /**
   * Asks for records, ascending. The log answers {@link Page}.
   *
   * @param after those with a greater number; null for the newest ones
   * @param limit at most {@value #PAGE}
   */
  public record GetPage(@Nullable Long after, int limit, ActorRef<Page> replyTo)
      implements Command {}

  /**
   * A page of records, ascending.
   *
   * @param more whether there are newer records after this page
   */
  public record Page(List<AuditRecord> records, boolean more) implements Wire {}

  /** The receive timeout: no message has arrived for a while. */
  record Idle() implements Command, Local {}

  /** The stop message of cluster sharding. */
  record Stop() implements Command, Local {}

  // ---- calls

  /**
   * Records that a change is about to be made. The stage completes with the number of the record
   * when it is durable. The change must not begin before that, and not at all if the stage fails.
   */
  public CompletionStage<Long> start(
      String who, String address, String action, String target, String detail) {
    return entity()
        .<Started>ask(to -> new Start(who, address, action, target, detail, to), TIMEOUT)
        .thenApply(Started::nr);
  }

  /** Records what came of a change. */
  public CompletionStage<Finished> finish(long nr, int status) {
    return entity().ask(replyTo -> new Finish(nr, status, replyTo), TIMEOUT);
  }

  /**
   * Reads a page of records, in the order in which they began.
   *
   * @param after those with a greater number; null for the newest ones
   */
  public CompletionStage<Page> page(@Nullable Long after, int limit) {
    int most = Math.clamp(limit, 1, PAGE);
    return entity().ask(replyTo -> new GetPage(after, most, replyTo), TIMEOUT);
  }

  private EntityRef<Command> entity() {
    return sharding.entityRefFor(KEY, ID);
  }
}
