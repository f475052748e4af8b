package parley.bench.bill;

import com.amazonaws.auth.AWSStaticCredentialsProvider;
import com.amazonaws.auth.BasicAWSCredentials;
import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBClientBuilder;
import com.amazonaws.services.dynamodbv2.model.ScanRequest;
import com.amazonaws.services.dynamodbv2.model.ScanResult;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;

/**
 * Counts the stored items and bytes of all tables with a prefix, by entity and row. Amazon bills
 * 100 bytes of index overhead for each item; they are included.
 */
public final class StoredBytes {
  private static final long INDEX_OVERHEAD_BYTES = 100;

  /** A number of items and their size. */
  public record Sum(long items, long bytes) {
    Sum plus(Sum other) {
      return new Sum(items + other.items, bytes + other.bytes);
    }
  }

  private StoredBytes() {}

  /** Returns the sums by "entity, row", sorted. */
  public static Map<String, Sum> of(URI endpoint, String prefix) {
    Map<String, Sum> sums = new TreeMap<>();
    AmazonDynamoDB client =
        AmazonDynamoDBClientBuilder.standard()
            .withEndpointConfiguration(new EndpointConfiguration(endpoint.toString(), "local"))
            .withCredentials(
                new AWSStaticCredentialsProvider(new BasicAWSCredentials("local", "local")))
            .build();
    try {
      for (String table : client.listTables(prefix).getTableNames()) {
        if (table.startsWith(prefix)) {
          scan(client, table, sums);
        }
      }
    } finally {
      client.shutdown();
    }
    return sums;
  }

  private static void scan(AmazonDynamoDB client, String table, Map<String, Sum> sums) {
    @Nullable Map<String, com.amazonaws.services.dynamodbv2.model.AttributeValue> next = null;
    do {
      ScanResult page = client.scan(new ScanRequest(table).withExclusiveStartKey(next));
      for (var item : page.getItems()) {
        Map<String, AttributeValue> converted = converted(item);
        StoredRow row = StoredRow.of(table, converted);
        sums.merge(
            row.entity() + ", " + row.kind(),
            new Sum(1, ItemSize.bytes(converted) + INDEX_OVERHEAD_BYTES),
            Sum::plus);
      }
      next = page.getLastEvaluatedKey();
    } while (next != null && !next.isEmpty());
  }

  /** Converts an item of SDK 1 to SDK 2. The tables contain only strings, numbers and binaries. */
  private static Map<String, AttributeValue> converted(
      Map<String, com.amazonaws.services.dynamodbv2.model.AttributeValue> item) {
    Map<String, AttributeValue> all = new HashMap<>();
    item.forEach(
        (name, value) -> {
          if (value.getS() != null) {
            all.put(name, AttributeValue.fromS(value.getS()));
          } else if (value.getN() != null) {
            all.put(name, AttributeValue.fromN(value.getN()));
          } else {
            all.put(name, AttributeValue.fromB(SdkBytes.fromByteBuffer(value.getB())));
          }
        });
    return all;
  }
}
