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

/** Runs the stand-in for DynamoDB as an empty process on the generator's core. */
final class StandInProcess implements AutoCloseable {
  private final ChildProcess process;
  private final URI endpoint;

  private StandInProcess(ChildProcess process, URI endpoint) {
    this.process = process;
    this.endpoint = endpoint;
  }

  /** Starts one and waits until it serves. */
  static StandInProcess start() {
    String port = String.valueOf(Ports.free());
    ChildProcess process =
        ChildProcess.start(CpuCores.generator(), StandInServer.class, List.of("-Xmx1g"), port);
    try {
      process.line("serving ");
      return new StandInProcess(process, URI.create("http://127.0.0.1:" + port));
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
  StoreRequests asked() {
    process.say("asked");
    return StoreRequests.parse(process.line("asked "));
  }

  /** What that costs, by what it was for. */
  Bill bill() {
    process.say("bill");
    return Bill.parse(process.line("bill "));
  }

  @Override
  public void close() {
    process.close();
  }
}
