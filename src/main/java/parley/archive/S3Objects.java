package parley.archive;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.Done;
import org.apache.pekko.NotUsed;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.http.javadsl.model.ContentTypes;
import org.apache.pekko.stream.Attributes;
import org.apache.pekko.stream.Materializer;
import org.apache.pekko.stream.StreamLimitReachedException;
import org.apache.pekko.stream.StreamTcpException;
import org.apache.pekko.stream.SystemMaterializer;
import org.apache.pekko.stream.connectors.s3.AccessStyle;
import org.apache.pekko.stream.connectors.s3.BucketAccess;
import org.apache.pekko.stream.connectors.s3.S3Attributes;
import org.apache.pekko.stream.connectors.s3.S3Exception;
import org.apache.pekko.stream.connectors.s3.S3Ext;
import org.apache.pekko.stream.connectors.s3.S3Headers;
import org.apache.pekko.stream.connectors.s3.S3Settings;
import org.apache.pekko.stream.connectors.s3.javadsl.S3;
import org.apache.pekko.stream.javadsl.Sink;
import org.apache.pekko.stream.javadsl.Source;
import org.apache.pekko.util.ByteString;
import org.apache.pekko.util.ByteStringBuilder;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.AwsRegionProvider;

/**
 * Objects in an S3 bucket.
 *
 * <p>The AWS SDK provides the credentials and the region. It may ask the network for them and block
 * its thread meanwhile. So each call first gets them on the executor, and the connector signs with
 * the result. The SDK caches them until they expire.
 */
final class S3Objects implements ObjectStore {
  private final ColdStore.S3 place;
  private final AwsCredentialsProvider credentials;
  private final AwsRegionProvider regions;
  private final Executor executor;
  private final Materializer materializer;
  private final S3Settings baseSettings;
  private volatile @Nullable Region region;

  S3Objects(
      ColdStore.S3 place,
      AwsCredentialsProvider credentials,
      AwsRegionProvider regions,
      Executor executor,
      ActorSystem<?> system) {
    this.place = place;
    this.credentials = credentials;
    this.regions = regions;
    this.executor = executor;
    this.materializer = SystemMaterializer.get(system).materializer();
    S3Settings settings = S3Ext.get(system).settings();
    this.baseSettings =
        place.endpoint() == null
            ? settings
            : settings
                .withEndpointUrl(trimmed(place.endpoint().toString()))
                .withAccessStyle(AccessStyle.pathAccessStyle());
  }

  private static String trimmed(String endpoint) {
    return endpoint.endsWith("/") ? endpoint.substring(0, endpoint.length() - 1) : endpoint;
  }

  @Override
  public CompletionStage<Done> put(String key, byte[] bytes, String contentType) {
    ByteString data = ByteString.fromArrayUnsafe(bytes);
    return call(
        () ->
            S3.putObject(
                place.bucket(),
                key,
                Source.single(data),
                data.size(),
                ContentTypes.parse(contentType),
                S3Headers.empty()),
        stored -> Done.getInstance());
  }

  @Override
  public CompletionStage<Optional<byte[]>> get(String key, int most) {
    return signingAttributes()
        .thenCompose(
            attributes ->
                S3.getObject(place.bucket(), key)
                    .withAttributes(attributes)
                    .limitWeighted(most, bytes -> (long) bytes.size())
                    .runFold(new ByteStringBuilder(), ByteStringBuilder::append, materializer))
        .handle(
            (bytes, failure) -> {
              if (failure == null) {
                return Optional.of(bytes.result().toArray());
              }
              Throwable bare = ColdFailures.unwrapped(failure);
              if (bare instanceof S3Exception e && e.code().equals("NoSuchKey")) {
                return Optional.empty();
              }
              if (bare instanceof StreamLimitReachedException) {
                throw new ColdDamaged(key + " has more than " + most + " bytes", null);
              }
              throw new CompletionException(explained(bare));
            });
  }

  @Override
  public Source<String, NotUsed> list(String prefix) {
    return Source.lazyCompletionStage(this::signingAttributes)
        .flatMapConcat(
            attributes ->
                S3.listBucket(place.bucket(), Optional.of(prefix)).withAttributes(attributes))
        .map(object -> object.key())
        .mapError(Throwable.class, this::explained)
        .mapMaterializedValue(ignored -> NotUsed.getInstance());
  }

  @Override
  public CompletionStage<Done> delete(String key) {
    return call(() -> S3.deleteObject(place.bucket(), key), done -> Done.getInstance());
  }

  @Override
  public CompletionStage<Done> check() {
    return call(
        () -> S3.checkIfBucketExistsSource(place.bucket(), S3Headers.empty()),
        access -> {
          if (access.equals(BucketAccess.accessGranted())) {
            return Done.getInstance();
          }
          throw access.equals(BucketAccess.accessDenied()) ? denied() : missing();
        });
  }

  private <T, R> CompletionStage<R> call(
      Supplier<Source<T, NotUsed>> request, Function<T, R> result) {
    return signingAttributes()
        .thenCompose(
            attributes ->
                request.get().withAttributes(attributes).runWith(Sink.head(), materializer))
        .thenApply(result)
        .exceptionally(
            failure -> {
              throw new CompletionException(explained(failure));
            });
  }

  /** The attributes with which the next request is signed. */
  private CompletionStage<Attributes> signingAttributes() {
    return CompletableFuture.supplyAsync(
        () -> {
          AwsCredentials now;
          try {
            now = credentials.resolveCredentials();
          } catch (SdkException e) {
            throw new ColdRefused(
                "AWS_ACCESS_KEY_ID: PARLEY_COLD_STORE is s3 and no AWS credentials were found:"
                    + " neither in the environment nor as a role",
                e);
          }
          Region here = region();
          return S3Attributes.settings(
              baseSettings
                  .withCredentialsProvider(StaticCredentialsProvider.create(now))
                  .withS3RegionProvider(() -> here));
        },
        executor);
  }

  private Region region() {
    Region known = region;
    if (known == null) {
      known = findRegion();
      region = known;
    }
    return known;
  }

  private Region findRegion() {
    try {
      return regions.getRegion();
    } catch (SdkException e) {
      if (place.endpoint() != null) {
        // Services other than Amazon's have no regions, and accept this one.
        return Region.US_EAST_1;
      }
      throw new ColdRefused("AWS_REGION: must be set where PARLEY_COLD_STORE is s3", e);
    }
  }

  /**
   * Explains a failure of S3. If S3's answer shows that a setting must be wrong, the result names
   * the setting.
   */
  private Throwable explained(Throwable failure) {
    Throwable bare = ColdFailures.unwrapped(failure);
    if (bare instanceof StreamTcpException) {
      return new ColdUnavailable("S3" + atEndpoint() + " cannot be reached", bare);
    }
    if (!(bare instanceof S3Exception e)) {
      return bare;
    }
    int status = e.statusCode().intValue();
    return switch (e.code()) {
      case "NoSuchBucket" -> missing();
      case "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch" -> denied();
      case "PermanentRedirect",
          "AuthorizationHeaderMalformed",
          "IllegalLocationConstraintException" ->
          new ColdRefused(
              "AWS_REGION: bucket " + place.bucket() + " is in another region (" + e.code() + ")",
              null);
      // Without its message: if the answer is not from S3, the message can contain anything.
      default -> new ColdUnavailable("S3 answers " + status + code(e), null);
    };
  }

  private static String code(S3Exception e) {
    return e.code().matches("[A-Za-z]{1,64}") ? " " + e.code() : "";
  }

  private ColdRefused missing() {
    return new ColdRefused(
        "PARLEY_S3_BUCKET: there is no bucket " + place.bucket() + atEndpoint(), null);
  }

  private ColdRefused denied() {
    return new ColdRefused(
        "PARLEY_S3_BUCKET: these AWS credentials may not use bucket "
            + place.bucket()
            + atEndpoint(),
        null);
  }

  private String atEndpoint() {
    return place.endpoint() == null ? "" : " at " + place.endpoint().getHost();
  }
}
