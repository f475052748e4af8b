package parley.bench;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import parley.bench.engine.CountingDynamo;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBServerHandler;

/**
 * Runs DynamoDB Local in memory and counts requests and billed capacity units. It answers each line
 * of standard input: the line {@code bill} with the bill as JSON, any other line with the counted
 * requests. The process ends at the end of standard input.
 */
public final class StandInServer {
  private StandInServer() {}

  /** Listens on the port in the first argument. */
  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(args[0]);
    CountingDynamo counting = new CountingDynamo();
    // The library's main method would also set up telemetry.
    new DynamoDBProxyServer(port, new LocalDynamoDBServerHandler(counting, null)).start();
    System.out.println("serving " + port);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      System.out.println(
          line.equals("bill")
              ? "bill " + counting.bill().json()
              : "requests " + counting.requests());
    }
    System.exit(0);
  }
}
