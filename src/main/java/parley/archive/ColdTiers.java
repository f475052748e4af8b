package parley.archive;

import java.util.concurrent.Executor;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.DispatcherSelector;
import parley.telemetry.Telemetry;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.regions.providers.AwsRegionProvider;
import software.amazon.awssdk.regions.providers.DefaultAwsRegionProviderChain;

/** Creates cold tiers. */
public final class ColdTiers {
  private ColdTiers() {}

  /**
   * Creates the cold tier of a node. This call neither connects nor opens anything: {@link
   * ColdTier#check} does, and each read and write.
   *
   * @param system its configuration contains {@code parley.archive}
   * @param where files or S3
   * @param telemetry receives the tier's meters, so create one tier for each
   */
  public static ColdTier open(ActorSystem<?> system, ColdStore where, Telemetry telemetry) {
    return switch (where) {
      case ColdStore.Files files ->
          over(new FileObjects(files.folder(), executor(system)), system, telemetry);
      case ColdStore.S3 s3 ->
          over(
              s3(
                  s3,
                  DefaultCredentialsProvider.builder().build(),
                  new DefaultAwsRegionProviderChain(),
                  system),
              system,
              telemetry);
    };
  }

  static ObjectStore s3(
      ColdStore.S3 place,
      AwsCredentialsProvider credentials,
      AwsRegionProvider regions,
      ActorSystem<?> system) {
    return new S3Objects(place, credentials, regions, executor(system), system);
  }

  static ColdTier over(ObjectStore store, ActorSystem<?> system, Telemetry telemetry) {
    ColdLimits limits = ColdLimits.of(system.settings().config().getConfig("parley.archive"));
    return new SegmentTier(store, limits, system, telemetry);
  }

  private static Executor executor(ActorSystem<?> system) {
    return system.dispatchers().lookup(DispatcherSelector.fromConfig(SegmentTier.DISPATCHER));
  }
}
