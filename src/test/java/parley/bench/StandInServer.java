package parley.bench;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import parley.bench.engine.CountingDynamo;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;
import software.amazon.dynamodb.services.local.server.LocalDynamoDBServerHandler;

/**
 * Amazon's stand-in for DynamoDB, in memory, as {@code exec:exec@dynamodb} starts it, and counting.
 * The line {@code bill} is answered with a line that says what that costs, in JSON; any other line
 * with one that says what it has been asked so far. It ends when there are no more.
 */
public final class StandInServer {
  private StandInServer() {}

  /** Serves on the port that is the argument. */
  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(args[0]);
    CountingDynamo counting = new CountingDynamo();
    // Its own start would set up telemetry first; without that there is none.
    new DynamoDBProxyServer(port, new LocalDynamoDBServerHandler(counting, null)).start();
    System.out.println("serving " + port);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      System.out.println(
          line.equals("bill") ? "bill " + counting.bill().json() : "asked " + counting.asked());
    }
    System.exit(0);
  }
}
