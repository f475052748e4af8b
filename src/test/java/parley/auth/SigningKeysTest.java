package parley.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SigningKeysTest {
  private Path folder;

  @BeforeEach
  void start(@TempDir Path temp) {
    folder = temp;
  }

  @Test
  void isMadeOnceForItsOwnerOnly() throws Exception {
    Path data = folder.resolve("data/keys");
    SigningKeys made = SigningKeys.inFolder(data);
    SigningKeys read = SigningKeys.inFolder(data);
    assertThat(read.key()).isEqualTo(made.key());
    assertThat(made.keyId()).isEqualTo(made.key().computeThumbprint().toString());
    Path file = data.resolve(SigningKeys.FILE_NAME);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    try (Stream<Path> files = Files.list(data)) {
      assertThat(files).containsExactly(file);
    }
    assertThat(SigningKeys.fromFile(file).keyId()).isEqualTo(made.keyId());
  }

  @Test
  void severalAtOnceAgree() throws InterruptedException {
    Set<String> ids = new ConcurrentSkipListSet<>();
    List<Thread> threads =
        Stream.generate(() -> new Thread(() -> ids.add(SigningKeys.inFolder(folder).keyId())))
            .limit(8)
            .toList();
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(ids).hasSize(1);
  }

  @Test
  void theSetHasThePublicHalfOnly() throws Exception {
    SigningKeys keys = SigningKeys.inFolder(folder);
    JWKSet set = JWKSet.parse(keys.jwks());
    assertThat(set.getKeys()).hasSize(1);
    assertThat(set.containsNonPublicKeys()).isFalse();
    assertThat(keys.jwks())
        .doesNotContain("\"d\"", keys.key().getD().toString())
        .contains("\"kid\":\"" + keys.keyId(), "\"ES256\"", "\"sig\"");
    assertThat(keys.toString()).doesNotContain(keys.key().getD().toString());
  }

  @Test
  void readsPemOfBothKindsAndComputesThePublicHalf() throws Exception {
    for (int i = 0; i < 20; i++) {
      ECKey key = new ECKeyGenerator(Curve.P_256).generate();
      byte[] pkcs8 = key.toECPrivateKey().getEncoded();
      assertThat(SigningKeys.fromFile(pem("PRIVATE KEY", pkcs8)).keyId())
          .isEqualTo(key.computeThumbprint().toString());
      // PKCS#8 of P-256 is 26 bytes of frame around the SEC 1 structure.
      int sec1 = indexOfSec1(pkcs8);
      byte[] inner = Arrays.copyOfRange(pkcs8, sec1, pkcs8.length);
      assertThat(SigningKeys.fromFile(pem("EC PRIVATE KEY", inner)).keyId())
          .isEqualTo(key.computeThumbprint().toString());
    }
  }

  @Test
  void aBadFileIsOneLineThatNamesTheSetting() throws Exception {
    String p384 = new ECKeyGenerator(Curve.P_384).generate().toString();
    ECKey p256 = new ECKeyGenerator(Curve.P_256).generate();
    List<String> bad =
        List.of(
            "",
            "hello",
            "{}",
            "{\"kty\":",
            p384,
            p256.toPublicJWK().toString(),
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
            "-----BEGIN EC PRIVATE KEY-----\n====\n-----END EC PRIVATE KEY-----");
    Path file = folder.resolve("key");
    for (String content : bad) {
      Files.writeString(file, content);
      assertThatThrownBy(() -> SigningKeys.fromFile(file))
          .as(content)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("PARLEY_AUTH_KEY_FILE: key file " + file)
          .hasMessageNotContaining("\n");
    }
    assertThatThrownBy(() -> SigningKeys.fromFile(folder.resolve("none")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("PARLEY_AUTH_KEY_FILE");
    assertThatThrownBy(() -> SigningKeys.fromFile(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("PARLEY_AUTH_KEY_FILE");
    Files.writeString(folder.resolve(SigningKeys.FILE_NAME), "cut off");
    assertThatThrownBy(() -> SigningKeys.inFolder(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("PARLEY_DATA_DIR");
  }

  private Path pem(String label, byte[] der) throws Exception {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    String block = "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
    return Files.writeString(folder.resolve("key.pem"), "# a comment\n" + block);
  }

  private static int indexOfSec1(byte[] pkcs8) {
    for (int i = 0; i < pkcs8.length; i++) {
      if (pkcs8[i] == 0x04 && pkcs8[i + 2] == 0x30 && pkcs8[i + 4] == 0x02) {
        return i + 2;
      }
    }
    throw new AssertionError("no SEC 1 in it");
  }
}
