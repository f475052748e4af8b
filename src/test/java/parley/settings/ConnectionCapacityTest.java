package parley.settings;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How many connections a process accepts by default. */
final class ConnectionCapacityTest {
  @ParameterizedTest
  @CsvSource({
    // free descriptors, heap in MiB, connections
    "1024, 4096, 824",
    "4096, 4096, 3584",
    "1048576, 1024, 26843",
    "1048576, 1331, 34891",
    "1048576, 1048576, 917504",
    "200, 4096, 16",
  })
  void theSmallerOfDescriptorsAndHeap(long descriptors, long mebibytes, int connections) {
    assertThat(ConnectionCapacity.maxConnections(descriptors, mebibytes << 20))
        .isEqualTo(connections);
  }
}
