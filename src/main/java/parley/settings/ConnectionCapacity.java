package parley.settings;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** How many connections this process can hold. */
public final class ConnectionCapacity {
  /** An idle connection with its session, on the heap; measured, and rounded up. */
  static final int BYTES_PER_CONNECTION = 30_000;

  /** For what is opened later: the store's files, the other ports' connections, classes. */
  static final int DESCRIPTORS_BESIDE = 200;

  /** Connections of operators: probes, metrics, a person or two. Within the descriptors above. */
  public static final int MANAGEMENT_CONNECTIONS = 100;

  /** Of those one address may have so many: a leaking scraper must not shut out the probes. */
  public static final int MANAGEMENT_PER_ADDRESS = 25;

  private ConnectionCapacity() {}

  /**
   * By the descriptors this process may still open and its largest heap. To be asked when all else
   * is open: jars and the store alone can be some hundreds.
   */
  public static int connections() {
    long descriptors = Integer.MAX_VALUE;
    if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix) {
      descriptors = unix.getMaxFileDescriptorCount() - unix.getOpenFileDescriptorCount();
    }
    return connections(descriptors, Runtime.getRuntime().maxMemory());
  }

  /**
   * The smaller of what both allow: of the free descriptors an eighth of the descriptors and at
   * least {@link #DESCRIPTORS_BESIDE} are for everything else, and so is a quarter of the heap. At
   * least 16, so that a node whose operator left it nothing says so by what it refuses.
   */
  public static int connections(long descriptors, long heap) {
    long byDescriptors = descriptors - Math.max(DESCRIPTORS_BESIDE, descriptors / 8);
    long byHeap = heap / 4 * 3 / BYTES_PER_CONNECTION;
    return Math.clamp(Math.min(byDescriptors, byHeap), 16, 1_000_000);
  }
}
