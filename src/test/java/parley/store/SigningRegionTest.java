package parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.pekko.Done;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import parley.client.ClientIds;
import parley.client.DynamoLocal;
import parley.client.FaultProxy;
import parley.client.FaultProxy.Pass;

/** Every request is signed for the region of its endpoint. */
@Timeout(60)
class SigningRegionTest {
  private static final String PRIVATE_LINK = "vpce-0a1b-2c3d.dynamodb.eu-west-1.vpce.amazonaws.com";

  private static final List<String> PROXY =
      List.of("http.proxyHost", "http.proxyPort", "https.proxyHost", "https.proxyPort");

  @AfterEach
  void forget() {
    System.clearProperty("aws.region");
    PROXY.forEach(System::clearProperty);
  }

  @ParameterizedTest
  @CsvSource({
    "dynamodb.eu-central-1.amazonaws.com, ap-south-1, eu-central-1",
    "dynamodb.eu-central-1.amazonaws.com, , eu-central-1",
    "dynamodb.cn-north-1.amazonaws.com.cn, , cn-north-1",
    "vpce-0a1b-2c3d.dynamodb.eu-west-1.vpce.amazonaws.com, ap-south-1, ap-south-1",
    "vpce-0a1b-2c3d.dynamodb.eu-west-1.vpce.amazonaws.com, , eu-west-1",
    "VPCE-0a1b-2c3d-eu-west-1a.dynamodb.eu-west-1.vpce.amazonaws.com, , eu-west-1",
    "vpce-0a1b.dynamodb.cn-north-1.vpce.amazonaws.com.cn, , cn-north-1",
    "tables.example.org, ap-south-1, ap-south-1",
    "127.0.0.1, , us-east-1"
  })
  void theEndpointOrTheSettingNamesTheRegion(String host, String set, String region) {
    if (set != null) {
      System.setProperty("aws.region", set);
    }
    assertThat(SigningRegion.of(host)).isEqualTo(region);
  }

  /** The requests as a proxy sees them, of the store's own client and of the plugin's. */
  @Test
  void allThatIsSentToPrivateLinkIsSignedForAwsRegion() throws Exception {
    String prefix = DynamoLocal.prefix();
    DynamoStore.open(DynamoLocal.endpoint(), prefix, true).close();
    System.setProperty("aws.region", "ap-south-1");
    Set<String> regions = ConcurrentHashMap.newKeySet();
    Set<String> operations = ConcurrentHashMap.newKeySet();
    try (FaultProxy proxy = FaultProxy.before(DynamoLocal.endpoint())) {
      proxy.rule(
          call -> {
            // AWS4-HMAC-SHA256 Credential=KEY/DAY/REGION/dynamodb/aws4_request, …
            regions.add(call.authorization().split("/", -1)[2]);
            operations.add(call.operation());
            return new Pass();
          });
      for (String name : PROXY) {
        System.setProperty(
            name,
            name.endsWith("Host")
                ? proxy.endpoint().getHost()
                : String.valueOf(proxy.endpoint().getPort()));
      }
      try (DynamoStore store =
          DynamoStore.open(URI.create("http://" + PRIVATE_LINK), prefix, false)) {
        ActorTestKit kit =
            ActorTestKit.create(
                "region",
                ConfigFactory.parseString("pekko.actor.provider = local")
                    .withFallback(store.config())
                    .withFallback(ConfigFactory.load())
                    .resolve());
        try {
          ActorRef<NotebookEntity.Command> writer =
              kit.spawn(NotebookEntity.of("notebook-" + ClientIds.next()));
          TestProbe<Done> probe = kit.createTestProbe();
          writer.tell(new NotebookEntity.Add(List.of("one"), probe.ref()));
          probe.receiveMessage(Duration.ofSeconds(20));
        } finally {
          kit.shutdownTestKit();
        }
      }
    }
    assertThat(operations).contains("DescribeTable", "BatchGetItem", "Query", "PutItem");
    assertThat(regions).containsExactly("ap-south-1");
  }
}
