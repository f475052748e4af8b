package parley.settings;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** Computes how many connections this process can hold. */
public final class ConnectionCapacity {
  /** Heap bytes of an idle connection with its session; measured, and rounded up. */
  static final int BYTES_PER_CONNECTION = 30_000;

  /** Descriptors kept free for the store's files, other ports' connections and class files. */
  static final int RESERVED_DESCRIPTORS = 200;

  /**
   * The most connections of the management port: probes, metrics, a person or two. They are part of
   * the descriptors above.
   */
  public static final int MANAGEMENT_CONNECTIONS = 100;

  /**
   * The most connections of the management port from one address: a leaking scraper must not shut
   * out the probes.
   */
  public static final int MANAGEMENT_PER_ADDRESS = 25;

  private ConnectionCapacity() {}

  /**
   * Computes the limit from the descriptors that this process may still open and from its largest
   * heap. Call it when everything else is open: jars and the store alone can take some hundred
   * descriptors.
   */
  public static int maxConnections() {
    long descriptors = Integer.MAX_VALUE;
    if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
      descriptors = unix.getMaxFileDescriptorCount() - unix.getOpenFileDescriptorCount();
    }
    return maxConnections(descriptors, Runtime.getRuntime().maxMemory());
  }

  /**
   * The smaller of the limit by descriptors and the limit by heap. An eighth of the free
   * descriptors, and at least {@link #RESERVED_DESCRIPTORS}, are reserved for everything else, and
   * so is a quarter of the heap. The result is at least 16: a node with too few resources shows
   * this by the connections that it refuses.
   */
  public static int maxConnections(long descriptors, long heap) {
    long byDescriptors = descriptors - Math.max(RESERVED_DESCRIPTORS, descriptors / 8);
    long byHeap = heap / 4 * 3 / BYTES_PER_CONNECTION;
    return Math.clamp(Math.min(byDescriptors, byHeap), 16, 1_000_000);
  }
}
