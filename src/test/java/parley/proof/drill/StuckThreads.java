package parley.proof.drill;

import com.sun.jdi.Bootstrap;
import com.sun.jdi.ThreadReference;
import com.sun.jdi.VirtualMachine;
import com.sun.jdi.connect.AttachingConnector;
import com.sun.jdi.connect.Connector;
import com.sun.jdi.connect.IllegalConnectorArgumentsException;
import java.io.IOException;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Threads of another JVM that stand still, by its debugger's interface. They go on at the end. */
final class StuckThreads implements AutoCloseable {
  private final VirtualMachine machine;
  private final String named;
  private final Set<Long> held = new HashSet<>();
  private final Repeating watch;

  private StuckThreads(VirtualMachine machine, String named) {
    this.machine = machine;
    this.named = named;
    hold();
    // A pool may start further threads.
    watch = new Repeating(500, this::hold);
  }

  /** The option of the JVM that listens for a debugger, on the loopback address. */
  static String option(int port) {
    return "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:" + port;
  }

  /** Stops the threads whose names contain a text, also those that start later. */
  static StuckThreads of(int port, String named) throws IOException {
    AttachingConnector connector =
        Bootstrap.virtualMachineManager().attachingConnectors().stream()
            .filter(one -> one.name().equals("com.sun.jdi.SocketAttach"))
            .findFirst()
            .orElseThrow();
    Map<String, Connector.Argument> arguments = connector.defaultArguments();
    Objects.requireNonNull(arguments.get("hostname")).setValue("127.0.0.1");
    Objects.requireNonNull(arguments.get("port")).setValue(String.valueOf(port));
    try {
      return new StuckThreads(connector.attach(arguments), named);
    } catch (IllegalConnectorArgumentsException e) {
      throw new IllegalStateException(e);
    }
  }

  private synchronized void hold() {
    for (ThreadReference thread : machine.allThreads()) {
      if (thread.name().contains(named) && held.add(thread.uniqueID())) {
        thread.suspend();
      }
    }
  }

  @Override
  public void close() {
    watch.close();
    machine.dispose();
  }
}
