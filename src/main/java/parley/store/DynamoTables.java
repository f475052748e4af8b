package parley.store;

import com.amazonaws.services.dynamodbv2.model.AttributeDefinition;
import com.amazonaws.services.dynamodbv2.model.BillingMode;
import com.amazonaws.services.dynamodbv2.model.CreateTableRequest;
import com.amazonaws.services.dynamodbv2.model.KeySchemaElement;
import com.amazonaws.services.dynamodbv2.model.KeyType;
import com.amazonaws.services.dynamodbv2.model.ScalarAttributeType;
import java.util.List;

/**
 * The four tables. The journal plugin defines their keys. {@code k8s/aws/dynamodb-tables.yaml}
 * describes the same tables for CloudFormation.
 *
 * @param journal events: {@code par} names a hundred events of one entity, {@code num} is the
 *     position among them. High marks and low marks are items of the same table
 * @param snapshots {@code par} names an entity, {@code seq} the event after which the snapshot was
 *     taken. No index: the plugin's index by time would double the cost of each write and each
 *     removal, and {@link DynamoSnapshots} does without it. A table that has the index is used as
 *     it is
 * @param secrets {@code name} and {@code value}: the keys that sign tokens. It is a separate table,
 *     so that a role can be allowed to read messages, or to note that a node lives, without being
 *     able to sign tokens
 * @param nodes {@code name} and {@code value}: what nodes record about themselves
 */
record DynamoTables(String journal, String snapshots, String secrets, String nodes) {
  static DynamoTables of(String prefix) {
    return new DynamoTables(
        prefix + "journal", prefix + "snapshots", prefix + "secrets", prefix + "nodes");
  }

  List<String> names() {
    return List.of(journal, snapshots, secrets, nodes);
  }

  /** The definitions of the tables. Billed by request, because a chat has nights and rushes. */
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
