package parley.app;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import io.micrometer.core.instrument.Gauge;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Stream;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.Props;
import parley.bounds.LoadGate;
import parley.cluster.ShardMeters;
import parley.journal.BreakerMirror;
import parley.journal.JournalMeters;
import parley.model.EntryBody;
import parley.model.ErrorCode;
import parley.protocol.ServerFrame;
import parley.session.SessionMeters;
import parley.snapshot.SnapshotMeters;
import parley.telemetry.Telemetry;

/**
 * The meters of a node as a whole, and the series that must be there before anything happens. The
 * page {@code docs/metrics.md} lists all meters.
 */
final class NodeMeters {
  /** Gauge: 1, with the {@code version} of this build. */
  static final String BUILD = "parley.build";

  /** Gauge: when this build was made, epoch seconds; 0 if that is not known. */
  static final String BUILT = "parley.build.time";

  /** Gauge: bytes that this process may still write to the disk of the data folder. */
  static final String DISK_FREE = "parley.disk.free";

  /** Gauge: the size of that disk in bytes; 0 if it is not known. */
  static final String DISK_SIZE = "parley.disk.size";

  /** The budgets whose refusals are counted. A test holds them against {@code docs/limits.md}. */
  static final List<String> LIMITS =
      List.of(
          "admin_changes",
          "admin_tokens",
          "changes",
          "cluster",
          "conversation",
          "cursor_log",
          "frames",
          "groups_per_day",
          "guesses",
          "logins",
          "messages",
          "node",
          "refreshes",
          "registrations",
          "requests",
          "searches",
          "watched");

  private static final List<String> PERSISTING = List.of("conversation", "cursor_log");
  private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("uuuuMMdd-HHmmss");

  private NodeMeters() {}

  /** Registers what is known beforehand, and the disk of the data folder. */
  static void register(Telemetry telemetry, Path dataDir) {
    telemetry.expect(
        new Telemetry.Expected(
            entryTypes(),
            Stream.of(ErrorCode.values()).map(ErrorCode::wireName).toList(),
            Stream.of(ServerFrame.CloseCode.values()).map(ServerFrame.CloseCode::wireName).toList(),
            LIMITS,
            Stream.<Enum<?>>concat(
                    Stream.of(SessionMeters.Shed.values()), Stream.of(LoadGate.Shed.values()))
                .map(kind -> kind.name().toLowerCase(Locale.ROOT))
                .distinct()
                .toList(),
            PERSISTING));
    JournalMeters.ofProcess();
    BreakerMirror.registerMeters();
    SnapshotMeters.ofProcess();
    String version = BuildVersion.read();
    Gauge.builder(BUILD, () -> 1).tag("version", version).register(telemetry.registry());
    long built = builtAt(version);
    Gauge.builder(BUILT, () -> built).baseUnit("seconds").register(telemetry.registry());
    File disk = existing(dataDir).toFile();
    Gauge.builder(DISK_FREE, disk::getUsableSpace).baseUnit("bytes").register(telemetry.registry());
    Gauge.builder(DISK_SIZE, disk::getTotalSpace).baseUnit("bytes").register(telemetry.registry());
  }

  /** The folder, or the nearest one above it that exists: with DynamoDB there may be none. */
  private static Path existing(Path folder) {
    Path at = folder.toAbsolutePath();
    while (!Files.exists(at) && at.getParent() != null) {
      at = at.getParent();
    }
    return at;
  }

  /** Starts what measures at intervals. All kinds of entities must be registered with sharding. */
  static void start(ActorSystem<?> system, Telemetry telemetry) {
    system.systemActorOf(ShardMeters.create(telemetry.registry()), "shard-meters", Props.empty());
  }

  /** The time in a version such as {@code 0.1.0-20260131-101530}, epoch seconds; 0 without one. */
  static long builtAt(String version) {
    int hyphen = version.indexOf('-');
    if (hyphen < 0) {
      return 0;
    }
    try {
      return LocalDateTime.parse(version.substring(hyphen + 1), STAMP)
          .toEpochSecond(ZoneOffset.UTC);
    } catch (DateTimeParseException e) {
      return 0;
    }
  }

  private static List<String> entryTypes() {
    JsonSubTypes types = Objects.requireNonNull(EntryBody.class.getAnnotation(JsonSubTypes.class));
    return Stream.of(types.value()).map(JsonSubTypes.Type::name).toList();
  }
}
