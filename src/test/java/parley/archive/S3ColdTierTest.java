package parley.archive;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;

class S3ColdTierTest extends ColdTierContract {
  private @Nullable S3Server server;

  private S3Server server() {
    if (server == null) {
      server = new S3Server(folder);
      server.bucket("cold-bucket");
    }
    return server;
  }

  @Override
  ObjectStore objects() {
    return objects("cold-bucket", S3Server.KEY, S3Server.SECRET);
  }

  private ObjectStore objects(String bucket, String key, String secret) {
    return ColdTiers.s3(
        new ColdStore.S3(server().endpoint(), bucket),
        StaticCredentialsProvider.create(AwsBasicCredentials.create(key, secret)),
        () -> Region.EU_CENTRAL_1,
        archiveHarness.kit.system());
  }

  @Override
  Path files() {
    return server().bucket("cold-bucket");
  }

  @AfterEach
  void stop() {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void aWrongBucketOrWrongCredentialsAreNamed() {
    assertThatThrownBy(
            () -> ArchiveHarness.result(objects("no-such", S3Server.KEY, S3Server.SECRET).check()))
        .isInstanceOf(ColdRefused.class)
        .hasMessage("PARLEY_S3_BUCKET: there is no bucket no-such at 127.0.0.1");
    for (String[] wrong : new String[][] {{S3Server.KEY, "guess"}, {"somebody", S3Server.SECRET}}) {
      ObjectStore objects = objects("cold-bucket", wrong[0], wrong[1]);
      for (Runnable use :
          new Runnable[] {
            () -> ArchiveHarness.result(objects.check()),
            () -> ArchiveHarness.result(objects.get("x", 10)),
            () -> ArchiveHarness.result(objects.put("x", new byte[10], "text/plain")),
            () -> archiveHarness.all(objects.list("x"))
          }) {
        assertThatThrownBy(use::run)
            .isInstanceOf(ColdRefused.class)
            .hasMessage(
                "PARLEY_S3_BUCKET: these AWS credentials may not use bucket cold-bucket at 127.0.0.1");
      }
    }
    ObjectStore missing = objects("no-such", S3Server.KEY, S3Server.SECRET);
    assertThatThrownBy(() -> ArchiveHarness.result(missing.get("x", 10)))
        .isInstanceOf(ColdRefused.class)
        .hasMessageStartingWith("PARLEY_S3_BUCKET: there is no bucket");
  }
}
