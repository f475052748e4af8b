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
import java.time.Instant;
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
  private static final Instant NOW = Instant.parse("2026-03-01T10:00:00Z");

  private Path folder;

  @BeforeEach
  void start(@TempDir Path temp) {
    folder = temp;
  }

  @Test
  void theKeyFileIsCreatedOnceAndOnlyItsOwnerCanReadIt() throws Exception {
    Path data = folder.resolve("data/keys");
    SigningKeys made = inFolder(data);
    SigningKeys read = inFolder(data);
    ECKey key = made.signing(NOW).jwk();
    assertThat(read.signing(NOW).jwk()).isEqualTo(key);
    assertThat(made.keyId(NOW)).isEqualTo(key.computeThumbprint().toString());
    Path file = data.resolve(SigningKeys.FILE_NAME);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    try (Stream<Path> files = Files.list(data)) {
      assertThat(files).containsExactly(file);
    }
    assertThat(fromFile(file)).isEqualTo(made.keyId(NOW));
  }

  @Test
  void concurrentStartsUseTheSameKey() throws InterruptedException {
    Set<String> ids = new ConcurrentSkipListSet<>();
    List<Thread> threads =
        Stream.generate(() -> new Thread(() -> ids.add(inFolder(folder).keyId(NOW))))
            .limit(8)
            .toList();
    threads.forEach(Thread::start);
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(ids).hasSize(1);
  }

  @Test
  void theKeySetHasOnlyThePublicKey() throws Exception {
    SigningKeys keys = inFolder(folder);
    String secret = keys.signing(NOW).jwk().getD().toString();
    JWKSet set = JWKSet.parse(keys.jwks(NOW));
    assertThat(set.getKeys()).hasSize(1);
    assertThat(set.containsNonPublicKeys()).isFalse();
    assertThat(keys.jwks(NOW))
        .doesNotContain("\"d\"", secret, "\"nbf\"", "\"iat\"")
        .contains("\"kid\":\"" + keys.keyId(NOW), "\"ES256\"", "\"sig\"");
    assertThat(keys.toString()).doesNotContain(secret);
    assertThat(keys.all().toString()).doesNotContain(secret).contains(keys.keyId(NOW));
  }

  @Test
  void bothKindsOfPemAreReadAndThePublicKeyIsComputed() throws Exception {
    for (int i = 0; i < 20; i++) {
      ECKey key = new ECKeyGenerator(Curve.P_256).generate();
      byte[] pkcs8 = key.toECPrivateKey().getEncoded();
      assertThat(fromFile(pem("PRIVATE KEY", pkcs8))).isEqualTo(key.computeThumbprint().toString());
      // PKCS#8 of P-256 is 26 bytes of frame around the SEC 1 structure.
      int sec1 = indexOfSec1(pkcs8);
      byte[] inner = Arrays.copyOfRange(pkcs8, sec1, pkcs8.length);
      assertThat(fromFile(pem("EC PRIVATE KEY", inner)))
          .isEqualTo(key.computeThumbprint().toString());
    }
  }

  @Test
  void anInvalidFileIsReportedInOneLineThatNamesTheSetting() throws Exception {
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
      assertThatThrownBy(() -> fromFile(file))
          .as(content)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("PARLEY_AUTH_KEY_FILE: key file " + file)
          .hasMessageNotContaining("\n");
    }
    assertThatThrownBy(() -> fromFile(folder.resolve("none")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("PARLEY_AUTH_KEY_FILE");
    assertThatThrownBy(() -> fromFile(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("PARLEY_AUTH_KEY_FILE");
    Files.writeString(folder.resolve(SigningKeys.FILE_NAME), "cut off");
    assertThatThrownBy(() -> inFolder(folder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("PARLEY_DATA_DIR");
  }

  private static SigningKeys inFolder(Path folder) {
    return KeyRing.inFolder(folder, () -> NOW).keys();
  }

  private static String fromFile(Path file) {
    return KeyRing.fromFile(file, () -> NOW).keys().keyId(NOW);
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
