package parley.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import parley.tls.Certificate;
import parley.tls.TlsFiles;

/** The command that makes certificates for nodes on several machines. */
class NodeCaCommandTest {
  @TempDir Path temporary;

  @Test
  void nodesOfOneFolderTrustEachOther() throws Exception {
    Path folder = temporary.resolve("ca");
    assertThat(run("node-ca", folder.toString(), "one", "two")).isZero();
    String authority = Files.readString(folder.resolve("ca.crt"));
    Certificate one = Certificate.ofNode(TlsFiles.in(folder.resolve("one")), Instant.now());
    Certificate two = Certificate.ofNode(TlsFiles.in(folder.resolve("two")), Instant.now());
    assertThat(one.authority()).isEqualTo(two.authority());
    assertThat(one.chain()).isNotEqualTo(two.chain());

    // Another node, and a renewal: both of the same authority.
    assertThat(run("node-ca", folder.toString(), "one", "three")).isZero();
    assertThat(Files.readString(folder.resolve("ca.crt"))).isEqualTo(authority);
    Certificate renewed = Certificate.ofNode(TlsFiles.in(folder.resolve("one")), Instant.now());
    assertThat(renewed.chain()).isNotEqualTo(one.chain());
    assertThat(renewed.authority()).isEqualTo(two.authority());
    for (String secret : List.of("ca.key", "one/tls.key")) {
      assertThat(
              PosixFilePermissions.toString(Files.getPosixFilePermissions(folder.resolve(secret))))
          .isEqualTo("rw-------");
    }
    // The authority's key is in no node's folder.
    assertThat(folder.resolve("one/ca.key")).doesNotExist();
  }

  @Test
  void anIncompleteCaIsNotReplaced() throws Exception {
    Path folder = temporary.resolve("ca");
    assertThat(run("node-ca", folder.toString())).isZero();
    Files.delete(folder.resolve("ca.crt"));
    assertThat(run("node-ca", folder.toString(), "one")).isEqualTo(1);
    assertThat(folder.resolve("one")).doesNotExist();
  }

  @Test
  void otherArgumentsAreRefused() {
    assertThat(run("node-ca")).isEqualTo(2);
    assertThat(run("node-ca", temporary.resolve("x").toString(), "../up")).isEqualTo(2);
    assertThat(temporary.resolve("x")).doesNotExist();
  }

  private static int run(String... arguments) {
    return NodeCaCommand.run(List.of(arguments));
  }
}
