package parley.store;

import com.amazonaws.services.dynamodbv2.model.AttributeDefinition;
import com.amazonaws.services.dynamodbv2.model.BillingMode;
import com.amazonaws.services.dynamodbv2.model.CreateTableRequest;
import com.amazonaws.services.dynamodbv2.model.KeySchemaElement;
import com.amazonaws.services.dynamodbv2.model.KeyType;
import com.amazonaws.services.dynamodbv2.model.ScalarAttributeType;
import java.util.List;

/**
 * The four tables. What their keys mean is the journal plugin's affair; {@code
 * k8s/aws/dynamodb-tables.yaml} says the same for those who make tables by CloudFormation.
 *
 * @param journal events: {@code par} names a hundred events of one entity, {@code num} is the place
 *     among them. High-marks and low-marks are items of the same table
 * @param snapshots {@code par} names an entity, {@code seq} the event it was taken after. No index:
 *     the plugin's by time would double each write and each removal, and {@link DynamoSnapshots}
 *     does without. A table that has one is used as it is
 * @param secrets {@code name} and {@code value}: the keys that sign tokens. A table of its own, so
 *     that who may read messages, or note that a node lives, need not be able to sign tokens
 * @param nodes {@code name} and {@code value}: what nodes note of themselves
 */
record DynamoTables(String journal, String snapshots, String secrets, String nodes) {
  static DynamoTables of(String prefix) {
    return new DynamoTables(
        prefix + "journal", prefix + "snapshots", prefix + "secrets", prefix + "nodes");
  }

  List<String> names() {
    return List.of(journal, snapshots, secrets, nodes);
  }

  /** How each is made: billed by request, as a chat has nights and rushes. */
  List<CreateTableRequest> definitions() {
    return List.of(
        table(journal)
            .withKeySchema(hash("par"), range("num"))
            .withAttributeDefinitions(text("par"), number("num")),
        table(snapshots)
            .withKeySchema(hash("par"), range("seq"))
            .withAttributeDefinitions(text("par"), number("seq")),
        table(secrets).withKeySchema(hash("name")).withAttributeDefinitions(text("name")),
        table(nodes).withKeySchema(hash("name")).withAttributeDefinitions(text("name")));
  }

  private static CreateTableRequest table(String name) {
    return new CreateTableRequest()
        .withTableName(name)
        .withBillingMode(BillingMode.PAY_PER_REQUEST);
  }

  private static KeySchemaElement hash(String name) {
    return new KeySchemaElement(name, KeyType.HASH);
  }

  private static KeySchemaElement range(String name) {
    return new KeySchemaElement(name, KeyType.RANGE);
  }

  private static AttributeDefinition text(String name) {
    return new AttributeDefinition(name, ScalarAttributeType.S);
  }

  private static AttributeDefinition number(String name) {
    return new AttributeDefinition(name, ScalarAttributeType.N);
  }
}
