package parley.app;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.pekko.actor.typed.ActorSystem;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import parley.archive.ColdRefused;
import parley.archive.ColdStore;
import parley.archive.ColdTier;
import parley.archive.ColdTiers;
import parley.settings.Settings;
import parley.settings.SettingsException;
import parley.telemetry.Telemetry;

/** Opens the cold tier that the settings name. */
final class ColdTierFactory {
  private static final Logger LOG = LoggerFactory.getLogger(ColdTierFactory.class);

  /**
   * How long the start waits for an answer of the cold tier; without an answer the start goes on.
   */
  private static final Duration CHECK_TIMEOUT = Duration.ofSeconds(5);

  private ColdTierFactory() {}

  /** Where old entries are stored; null if they stay in the journal. */
  static @Nullable ColdStore of(Settings settings) {
    Settings.Cold cold = settings.cold();
    return switch (cold.kind()) {
      case OFF -> null;
      case FILE -> new ColdStore.Files(settings.dataDir().resolve("cold"));
      case S3 -> new ColdStore.S3(cold.endpoint(), Objects.requireNonNull(cold.bucket()));
    };
  }

  /**
   * Opens the cold tier and checks that it can be used. Waits for the answer, so this is for the
   * start only.
   *
   * @return null if old entries stay in the journal. A tier that only does not answer is returned:
   *     messages do not need it, and it may answer later
   * @throws SettingsException if a setting must be wrong: no such bucket, no access
   */
  static @Nullable ColdTier open(ActorSystem<?> system, Settings settings, Telemetry telemetry)
      throws SettingsException, InterruptedException {
    ColdStore place = of(settings);
    if (place == null) {
      return null;
    }
    ColdTier tier = ColdTiers.open(system, place, telemetry);
    try {
      tier.check().toCompletableFuture().get(CHECK_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ColdRefused refused) {
        throw new SettingsException(refused);
      }
      LOG.warn("The cold tier cannot be used now: {}", String.valueOf(e.getCause()));
    } catch (TimeoutException e) {
      LOG.warn("The cold tier does not answer within {}", CHECK_TIMEOUT);
    }
    return tier;
  }
}
