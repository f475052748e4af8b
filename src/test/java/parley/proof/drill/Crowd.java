package parley.proof.drill;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import parley.client.JsonTrees;
import parley.client.ParleyClient;
import parley.client.ParleySocket;
import parley.client.TestAccount;
import parley.model.Limits;

/** Many devices that are connected, and do nothing but to say that they are there. */
final class Crowd implements AutoCloseable {
  private static final int PING_SECONDS = 20;

  private final List<TestAccount> accounts = new ArrayList<>();
  private final List<ParleySocket> sockets = new ArrayList<>();
  private final ScheduledExecutorService pings = Executors.newSingleThreadScheduledExecutor();

  /** Registers as many people as this number of devices needs. */
  Crowd(ParleyClient client, String stem, int devices) {
    for (int number = 0; number < devices; number += Limits.DEVICES) {
      accounts.add(client.register(stem + number));
    }
    var unused =
        pings.scheduleWithFixedDelay(this::ping, PING_SECONDS, PING_SECONDS, TimeUnit.SECONDS);
  }

  /** Connects so many more devices, one after the other. */
  void connect(ParleyClient client, int devices) {
    int connected = connected();
    for (int number = connected; number < connected + devices; number++) {
      TestAccount account = accounts.get(number / Limits.DEVICES);
      ParleySocket socket = client.connect(account, "device-" + number % Limits.DEVICES);
      synchronized (sockets) {
        sockets.add(socket);
      }
    }
  }

  /** Comes back elsewhere, all at once, as far as the server lets it; does not wait. */
  void comeBack(ParleyClient client) {
    leave();
    for (TestAccount account : accounts) {
      var unused = Thread.ofVirtual().start(() -> comeBack(client, account));
    }
  }

  private void comeBack(ParleyClient client, TestAccount account) {
    try {
      for (int device = 0; device < Limits.DEVICES; device++) {
        ParleySocket socket = client.connect(account, "device-" + device);
        synchronized (sockets) {
          sockets.add(socket);
        }
      }
    } catch (RuntimeException | AssertionError e) {
      System.out.println("# " + account.username() + " does not get in: " + e.getMessage());
    }
  }

  private int connected() {
    synchronized (sockets) {
      return sockets.size();
    }
  }

  private void ping() {
    synchronized (sockets) {
      for (ParleySocket socket : sockets) {
        if (socket.closedBecause() == null) {
          socket.send(JsonTrees.obj("op", "ping"));
        }
      }
    }
  }

  /** Closes all connections. */
  void leave() {
    synchronized (sockets) {
      sockets.forEach(ParleySocket::close);
      sockets.clear();
    }
  }

  @Override
  public void close() {
    pings.shutdownNow();
    leave();
  }
}
