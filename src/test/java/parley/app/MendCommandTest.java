package parley.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBClientBuilder;
import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import parley.client.ClientIds;
import parley.client.DynamoLocal;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.TestAccount;
import parley.settings.ExitCode;
import parley.settings.Settings;

/** An earlier version has lost marks of a table: the route and the command find and repair them. */
@Timeout(120)
class MendCommandTest {
  @TempDir Path folder;

  private final String prefix = DynamoLocal.prefix();
  private final AmazonDynamoDB table = client();

  private static AmazonDynamoDB client() {
    DynamoLocal.credentials();
    return AmazonDynamoDBClientBuilder.standard()
        .withEndpointConfiguration(
            new EndpointConfiguration(DynamoLocal.endpoint().toString(), "us-east-1"))
        .build();
  }

  private String name = "";

  @BeforeEach
  void damage() throws Exception {
    try (Node node = QuickNode.start(settings(false));
        ParleyClient client = new ParleyClient(URI.create("http://" + node.listening()))) {
      TestAccount ann = client.register(ClientIds.username("ann"));
      String id = client.direct(ann, client.register(ClientIds.username("ben")).userId());
      try (ParleySocket phone = client.connectSynced(ann, "phone")) {
        for (int n = 1; n <= 110; n++) {
          assertThat(phone.text(id, "n " + n).path("seq").asLong()).isEqualTo(n);
        }
      }
      name = "conversation|" + id;
    }
    assertThat(mark()).isEqualTo(100);
    table.deleteItem(prefix + "journal", key());
    // A user whose entity does not run: its events 99 and 100.
    table.putItem(prefix + "journal", row("journal-P-user|x-0", 99));
    table.putItem(prefix + "journal", row("journal-P-user|x-1", 0));
  }

  @AfterEach
  void close() {
    table.shutdown();
  }

  @Test
  void verifyFindsAMissingMarkAndMendRestoresIt() throws Exception {
    assertThat(VerifyCommand.run(settings(false), List.of("verify"))).isEqualTo(ExitCode.FAILED);
    assertThat(MendCommand.run(settings(false), List.of("mend"))).isZero();
    assertThat(mark()).isEqualTo(100);
    assertThat(VerifyCommand.run(settings(false), List.of("verify"))).isZero();
    assertThat(MendCommand.run(settings(false), List.of("mend", "a", "b")))
        .isEqualTo(ExitCode.WRONG_SETTING);
  }

  @Test
  void operatorsSeeAMissingMarkAndMayMendOneEntity() throws Exception {
    String marks = "/admin/marks?entity=" + name.replace("|", "%7C");
    String verify = "/admin/verify/" + name.substring(name.indexOf('|') + 1);
    try (Node node = QuickNode.start(settings(false));
        ParleyClient operator = new ParleyClient(URI.create("http://" + node.management()))) {
      assertThat(operator.get(verify, null).expect(200).text())
          .contains(" 1 problems", "marks are missing: events go to 1", "should say 100");
      assertThat(operator.get(marks, null).expect(200).body().path("problem").asText())
          .contains("the high mark says 0 and should say 100");
      assertThat(operator.post(marks, null, JsonTrees.obj()).expect(405).text())
          .contains("PARLEY_MANAGEMENT_WRITE");
      assertThat(mark()).isZero();
      assertThat(operator.get("/admin/marks", null).expect(400).text()).contains("entity: ");
    }
    try (Node node = QuickNode.start(settings(true));
        ParleyClient operator = new ParleyClient(URI.create("http://" + node.management()))) {
      JsonNode mended = operator.post(marks, null, JsonTrees.obj()).expect(200).body();
      assertThat(mended.path("mended").asBoolean()).isTrue();
      assertThat(mark()).isEqualTo(100);
      assertThat(operator.post(marks, null, JsonTrees.obj()).body().path("mended").asBoolean())
          .isFalse();
      assertThat(operator.get(verify, null).expect(200).text()).contains(" 0 problems");
    }
  }

  private Settings settings(boolean write) throws Exception {
    Map<String, String> environment =
        new HashMap<>(DynamoLocal.environment(DynamoLocal.endpoint(), prefix));
    environment.putAll(
        Map.of(
            "PARLEY_PORT",
            "0",
            "PARLEY_MANAGEMENT_PORT",
            "0",
            "PARLEY_MANAGEMENT_WRITE",
            String.valueOf(write),
            "PARLEY_DRAIN_SECONDS",
            "0",
            "PARLEY_RATE_MESSAGES_PER_MINUTE",
            "0",
            "PARLEY_RATE_CONVERSATION_PER_SECOND",
            "0",
            "PARLEY_DATA_DIR",
            folder.toString()));
    return Settings.from(environment);
  }

  private Map<String, AttributeValue> key() {
    return row("journal-SH-" + name + "-0", 0);
  }

  private static Map<String, AttributeValue> row(String par, long num) {
    return Map.of(
        "par", new AttributeValue(par), "num", new AttributeValue().withN(String.valueOf(num)));
  }

  private long mark() {
    Map<String, AttributeValue> row = table.getItem(prefix + "journal", key(), true).getItem();
    return row == null ? 0 : Long.parseLong(Objects.requireNonNull(row.get("seq")).getN());
  }
}
