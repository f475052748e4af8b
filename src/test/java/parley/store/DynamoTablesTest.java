package parley.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.amazonaws.services.dynamodbv2.model.AttributeDefinition;
import com.amazonaws.services.dynamodbv2.model.CreateTableRequest;
import com.amazonaws.services.dynamodbv2.model.KeySchemaElement;
import com.amazonaws.services.dynamodbv2.model.LocalSecondaryIndex;
import com.amazonaws.services.dynamodbv2.model.Projection;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The CloudFormation template creates the same tables as the server. */
class DynamoTablesTest {
  @Test
  void cloudFormationMakesTheSameTables() throws IOException {
    JsonNode template = new YAMLMapper().readTree(Path.of("k8s/aws/dynamodb-tables.yaml").toFile());
    String prefix = template.path("Parameters").path("TablePrefix").path("Default").asText();
    assertThat(prefix).isEqualTo("parley-");
    List<CreateTableRequest> tables = new ArrayList<>();
    for (JsonNode resource : template.path("Resources")) {
      assertThat(resource.path("Type").asText()).isEqualTo("AWS::DynamoDB::Table");
      assertThat(resource.path("DeletionPolicy").asText()).isEqualTo("Retain");
      JsonNode p = resource.path("Properties");
      assertThat(p.at("/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled").asBoolean())
          .isTrue();
      assertThat(p.at("/SSESpecification/SSEEnabled").asBoolean()).isTrue();
      assertThat(p.path("DeletionProtectionEnabled").asBoolean()).isTrue();
      tables.add(request(p, prefix));
    }
    assertThat(tables).isEqualTo(DynamoTables.of(prefix).definitions());
  }

  private static CreateTableRequest request(JsonNode p, String prefix) {
    CreateTableRequest table =
        new CreateTableRequest()
            .withTableName(
                p.path("TableName").path("Fn::Sub").asText().replace("${TablePrefix}", prefix))
            .withBillingMode(p.path("BillingMode").asText())
            .withKeySchema(keys(p));
    for (JsonNode a : p.path("AttributeDefinitions")) {
      table.withAttributeDefinitions(
          new AttributeDefinition(
              a.path("AttributeName").asText(), a.path("AttributeType").asText()));
    }
    for (JsonNode index : p.path("LocalSecondaryIndexes")) {
      table.withLocalSecondaryIndexes(
          new LocalSecondaryIndex()
              .withIndexName(index.path("IndexName").asText())
              .withKeySchema(keys(index))
              .withProjection(
                  new Projection()
                      .withProjectionType(index.at("/Projection/ProjectionType").asText())));
    }
    return table;
  }

  private static List<KeySchemaElement> keys(JsonNode of) {
    List<KeySchemaElement> keys = new ArrayList<>();
    for (JsonNode key : of.path("KeySchema")) {
      keys.add(
          new KeySchemaElement(key.path("AttributeName").asText(), key.path("KeyType").asText()));
    }
    return keys;
  }
}
