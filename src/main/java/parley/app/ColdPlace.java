package parley.app;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import parley.archive.ColdStore;

/** What the settings say about the cold tier, in its own words. */
final class ColdPlace {
  private ColdPlace() {}

  /** Where old entries go; null where they stay in the journal. */
  static @Nullable ColdStore of(Settings settings) {
    Settings.Cold cold = settings.cold();
    return switch (cold.kind()) {
      case OFF -> null;
      case FILE -> new ColdStore.Files(settings.dataDir().resolve("cold"));
      case S3 -> new ColdStore.S3(cold.endpoint(), Objects.requireNonNull(cold.bucket()));
    };
  }
}
