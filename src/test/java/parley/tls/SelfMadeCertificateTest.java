package parley.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The certificate that the nodes of one user create for themselves. */
class SelfMadeCertificateTest {
  private static final InstantSource CLOCK = InstantSource.system();

  @TempDir Path temporary;

  /** The nodes of a cluster start at the same moment, each as a process of its own. */
  @Test
  void thoseThatStartAtTheSameMomentShareOne() throws Exception {
    Path folder = temporary.resolve("shared");
    List<Process> nodes =
        IntStream.range(0, 3)
            .mapToObj(
                i -> {
                  try {
                    return new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                            "-Xmx64m",
                            "-XX:TieredStopAtLevel=1",
                            "-XX:+UseSerialGC",
                            "-cp",
                            System.getProperty("java.class.path"),
                            Maker.class.getName(),
                            folder.toString())
                        .redirectErrorStream(true)
                        .start();
                  } catch (IOException e) {
                    throw new AssertionError(e);
                  }
                })
            .toList();
    Set<String> serials = new HashSet<>();
    for (Process node : nodes) {
      List<String> lines = node.inputReader().lines().toList();
      assertThat(node.waitFor()).as(String.join("\n", lines)).isZero();
      serials.add(lines.getLast());
    }
    CompletableFuture<String> here = CompletableFuture.supplyAsync(() -> Maker.serial(folder));
    serials.add(Maker.serial(folder));
    serials.add(here.join());
    assertThat(serials).hasSize(1);
  }

  @Test
  void aFolderThatStoodOpenIsClosed() throws Exception {
    Path folder = Files.createDirectory(temporary.resolve("open"));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    SelfMadeCertificate.in(folder, CLOCK);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
        .isEqualTo("rwx------");
    for (String name : List.of(TlsFiles.KEY, TlsFiles.CERT, TlsFiles.CA)) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(name))))
          .isEqualTo("rw-------");
    }
  }

  @Test
  void aLinkToSomewhereElseIsNoFolder() throws Exception {
    Path link = temporary.resolve("link");
    Files.createSymbolicLink(link, Files.createDirectory(temporary.resolve("elsewhere")));
    assertThatThrownBy(() -> SelfMadeCertificate.in(link, CLOCK)).isInstanceOf(IOException.class);
  }

  @Test
  void oneThatIsBrokenOrEndsIsMadeAnew() throws Exception {
    Path folder = temporary.resolve("folder");
    TlsFiles files = SelfMadeCertificate.in(folder, CLOCK);
    String first = Maker.serial(folder);
    assertThat(Maker.serial(folder)).isEqualTo(first);
    Files.writeString(files.key(), "half a k");
    assertThatThrownBy(() -> Certificate.ofNode(files, CLOCK.instant()))
        .isInstanceOf(TlsRefusedException.class);
    String second = Maker.serial(folder);
    assertThat(second).isNotEqualTo(first);
    // Nine and a half years later.
    Instant late = CLOCK.instant().plus(Duration.ofDays(3470));
    SelfMadeCertificate.in(folder, InstantSource.fixed(late));
    assertThat(Certificate.ofNode(files, late).expiresAt())
        .isAfter(late.plus(Duration.ofDays(3000)));
  }

  /** The part of a node's start that creates the certificate. */
  static final class Maker {
    private Maker() {}

    public static void main(String[] args) {
      System.out.println(serial(Path.of(args[0])));
    }

    static String serial(Path folder) {
      try {
        TlsFiles files = SelfMadeCertificate.in(folder, CLOCK);
        return Certificate.ofNode(files, CLOCK.instant())
            .chain()
            .getFirst()
            .getSerialNumber()
            .toString();
      } catch (IOException | TlsRefusedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
