package parley.app;

import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDB;
import com.amazonaws.services.dynamodbv2.AmazonDynamoDBClientBuilder;
import com.amazonaws.services.dynamodbv2.model.AttributeValue;
import java.net.URI;
import java.util.Map;

/** Writes rows into the table of a journal, without a journal. */
final class DynamoRows {
  private DynamoRows() {}

  static void put(URI endpoint, String table, String key) {
    AmazonDynamoDB client =
        AmazonDynamoDBClientBuilder.standard()
            .withEndpointConfiguration(new EndpointConfiguration(endpoint.toString(), "us-east-1"))
            .build();
    try {
      client.putItem(
          table, Map.of("par", new AttributeValue(key), "num", new AttributeValue().withN("1")));
    } finally {
      client.shutdown();
    }
  }
}
