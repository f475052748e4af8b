package parley.bench.engine;

import java.net.URI;
import java.util.List;
import java.util.Map;
import parley.bench.StandInServer;
import parley.bench.bill.Bill;
import parley.bench.report.RunFailedException;
import parley.bench.report.StoreRequests;
import parley.client.DynamoLocal;
import parley.client.Ports;

/** The stand-in for DynamoDB, a process with an empty database on the generator's core. */
final class StandInProcess implements AutoCloseable {
  private final ChildProcess process;
  private final URI endpoint;

  private StandInProcess(ChildProcess process, URI endpoint) {
    this.process = process;
    this.endpoint = endpoint;
  }

  /** Starts a process and waits until it listens. */
  static StandInProcess start() {
    String port = String.valueOf(Ports.free());
    ChildProcess process =
        ChildProcess.start(
            CpuCores.onGeneratorCore(), StandInServer.class, List.of("-Xmx1g"), port);
    try {
      process.readLine("serving ");
      return new StandInProcess(process, URI.create("http://127.0.0.1:" + port));
    } catch (RunFailedException e) {
      process.close();
      throw e;
    }
  }

  /** The settings with which a node uses this store. */
  Map<String, String> settings() {
    return DynamoLocal.environment(endpoint, "bench-");
  }

  long pid() {
    return process.pid();
  }

  /** The requests so far. */
  StoreRequests storeRequests() {
    process.writeLine("requests");
    return StoreRequests.parse(process.readLine("requests "));
  }

  /** The bill so far. */
  Bill bill() {
    process.writeLine("bill");
    return Bill.parse(process.readLine("bill "));
  }

  @Override
  public void close() {
    process.close();
  }
}
