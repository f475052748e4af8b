package parley.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.client.DynamoLocal;
import parley.client.FaultProxy;

/** The tables as an operator meets them: created, missing, refused, unreachable. */
@Timeout(90)
class DynamoStoreTest {
  @Test
  void tablesAreCreatedOnceAndThenFound() throws Exception {
    String prefix = DynamoLocal.prefix();
    DynamoStore.open(DynamoLocal.endpoint(), prefix, true).close();
    DynamoStore.open(DynamoLocal.endpoint(), prefix, true).close();
    DynamoStore.open(DynamoLocal.endpoint(), prefix, false).close();
  }

  @Test
  void aMissingTableIsRefusedByName() {
    String prefix = DynamoLocal.prefix();
    assertThatThrownBy(() -> DynamoStore.open(DynamoLocal.endpoint(), prefix, false))
        .isInstanceOf(StoreRefusedException.class)
        .hasMessageStartingWith("PARLEY_DYNAMODB_TABLE_PREFIX: there is no table " + prefix)
        .hasMessageNotContaining("\n");
  }

  @Test
  void wrongCredentialsAreRefused() {
    try (FaultProxy proxy = FaultProxy.before(DynamoLocal.endpoint())) {
      proxy.rule(call -> new FaultProxy.Refuse(400, "UnrecognizedClientException"));
      assertThatThrownBy(() -> DynamoStore.open(proxy.endpoint(), "x-", true))
          .isInstanceOf(StoreRefusedException.class)
          .hasMessageStartingWith("PARLEY_STORE: DynamoDB at " + proxy.endpoint() + " refuses (Unr")
          .hasMessageNotContaining("\n");
    }
  }

  @Test
  void anUnreachableEndpointIsRefused() {
    DynamoLocal.credentials();
    assertThatThrownBy(() -> DynamoStore.open(URI.create("http://127.0.0.1:1"), "x-", true))
        .isInstanceOf(StoreRefusedException.class)
        .hasMessageStartingWith("PARLEY_STORE: DynamoDB at http://127.0.0.1:1 cannot be used (")
        .hasMessageNotContaining("\n");
  }

  @Test
  void aPasswordInTheEndpointIsNotShown() {
    assertThat(DynamoStore.withoutCredentials("http://me:s3c@ret@127.0.0.1:1/x@y"))
        .isEqualTo("http://127.0.0.1:1/x@y");
    assertThat(DynamoStore.withoutCredentials("http://127.0.0.1:1"))
        .isEqualTo("http://127.0.0.1:1");
  }

  /** In a process without this machine's settings, which may contain a region. */
  @Test
  void aMissingRegionIsRefused(@TempDir Path home) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Duser.home=" + home,
                "-cp",
                System.getProperty("java.class.path"),
                WithoutRegion.class.getName())
            .redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("AWS_"));
    Process process = builder.start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    assertThat(said)
        .contains("refused: PARLEY_STORE: dynamodb needs a region, AWS_REGION, or ")
        .doesNotContain("opened");
  }

  /** Opens a store at Amazon's own endpoint, in a process of its own. */
  static final class WithoutRegion {
    private WithoutRegion() {}

    public static void main(String[] args) {
      DynamoLocal.credentials();
      try {
        DynamoStore.open(null, "x-", false).close();
        System.out.println("opened");
      } catch (StoreRefusedException e) {
        System.out.println("refused: " + e.getMessage());
      }
    }
  }

  @Test
  void allNodesTellTheSameEpochAndGoOnTelling() throws Exception {
    String prefix = DynamoLocal.prefix();
    String epoch;
    try (DynamoStore one = DynamoStore.open(DynamoLocal.endpoint(), prefix, true);
        DynamoStore two = DynamoStore.open(DynamoLocal.endpoint(), prefix, true)) {
      epoch = one.epoch();
      assertThat(epoch).isNotBlank().hasSizeLessThanOrEqualTo(64);
      assertThat(two.epoch()).isEqualTo(epoch);
    }
    try (DynamoStore later = DynamoStore.open(DynamoLocal.endpoint(), prefix, false)) {
      assertThat(later.epoch()).isEqualTo(epoch);
    }
  }

  @Test
  void aSecretIsMadeOnceForAll() throws Exception {
    String prefix = DynamoLocal.prefix();
    try (DynamoStore one = DynamoStore.open(DynamoLocal.endpoint(), prefix, true);
        DynamoStore two = DynamoStore.open(DynamoLocal.endpoint(), prefix, true)) {
      // Both nodes make a value at the same time, which is the worst case.
      CompletableFuture<Void> both = new CompletableFuture<>();
      CompletableFuture<String> second =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return two.sharedValueOrCreate(
                      "key",
                      () -> {
                        both.complete(null);
                        return "two";
                      });
                } catch (StoreRefusedException e) {
                  throw new IllegalStateException(e);
                }
              });
      String first =
          one.sharedValueOrCreate(
              "key",
              () -> {
                both.join();
                return "one";
              });
      assertThat(second.get()).isEqualTo(first);
      assertThat(one.sharedValueOrCreate("key", () -> "three")).isEqualTo(first);
    }
  }

  @Test
  void anUnreadableNoteIsNotTakenForNone() throws Exception {
    try (FaultProxy proxy = FaultProxy.before(DynamoLocal.endpoint());
        DynamoStore store = DynamoStore.open(proxy.endpoint(), DynamoLocal.prefix(), true)) {
      assertThat(store.readNoteOfOlderVersion("node")).isZero();
      proxy.rule(call -> new FaultProxy.Refuse(400, "UnrecognizedClientException"));
      assertThatThrownBy(() -> store.readNoteOfOlderVersion("node"))
          .isInstanceOf(StoreRefusedException.class)
          .hasMessageContaining("UnrecognizedClientException");
      // Only older versions needed this permission. If it is missing, no such version runs beside
      // this node.
      proxy.rule(call -> new FaultProxy.Refuse(400, "AccessDeniedException"));
      assertThat(store.readNoteOfOlderVersion("node")).isZero();
    }
  }
}
