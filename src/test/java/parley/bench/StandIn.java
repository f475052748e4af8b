package parley.bench;

import java.net.URI;
import java.util.List;
import java.util.Map;
import parley.client.DynamoLocal;
import parley.client.Ports;

/** The stand-in for DynamoDB as a process of its own, empty, on the generator's core. */
final class StandIn implements AutoCloseable {
  private final Child process;
  private final URI endpoint;

  private StandIn(Child process, URI endpoint) {
    this.process = process;
    this.endpoint = endpoint;
  }

  /** Starts one and waits until it serves. */
  static StandIn start() {
    String port = String.valueOf(Ports.free());
    Child process = Child.start(Cores.generator(), StandInServer.class, List.of("-Xmx1g"), port);
    try {
      process.line("serving ");
      return new StandIn(process, URI.create("http://127.0.0.1:" + port));
    } catch (RunFailedException e) {
      process.close();
      throw e;
    }
  }

  /** What a node must be told to keep its events here. */
  Map<String, String> settings() {
    return DynamoLocal.environment(endpoint, "bench-");
  }

  long pid() {
    return process.pid();
  }

  /** What it has been asked so far. */
  Asked asked() {
    process.say("asked");
    return Asked.parse(process.line("asked "));
  }

  @Override
  public void close() {
    process.close();
  }
}
